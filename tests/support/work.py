"""Work for a runner: kinds whose function a test controls."""

import asyncio
from collections.abc import Awaitable, Callable

from jobs.registry import Finished, Function, Kind, registry
from jobs.run import Run
from jobs.runner import Runner
from jobs.settings import WorkerSettings
from storage.durations import Durations
from storage.jobs import JobStore
from storage.records.media import Picture

PICTURE = Picture(b"\x89PNG, or nearly so", "image/png", 640, 640)
FINISHED = Finished({"url": "/temp-portraits/x/image?v={version}"}, PICTURE)


async def finish(run: Run) -> Finished:
    return FINISHED


class Gated:
    """A function of work that says which job it has `begun`, and goes on once `go` is set.

    `then` is what it does in the end; a cancellation before sets `stopped`.
    """

    def __init__(self, then: Callable[[Run], Awaitable[Finished]] = finish) -> None:
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.go = asyncio.Event()
        self.stopped = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0
        self._then = then

    async def __call__(self, run: Run) -> Finished:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.put_nowait(run.job.id)
        try:
            await self.go.wait()
            return await self._then(run)
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        finally:
            self.at_once -= 1


class Bench:
    """Makes runners over one store."""

    def __init__(self, store: JobStore, durations: Durations, settings: WorkerSettings) -> None:
        self.store = store
        self.durations = durations
        self.settings = settings

    def runner(self, function: Function, *, kind: str = "portrait", **settings: object) -> Runner:
        """A runner of one kind, which is done by `function`."""
        kinds = registry(Kind(kind, function, "painter", 1))
        return Runner(self.store, self.durations, kinds, self.settings.model_copy(update=settings))
