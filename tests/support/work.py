"""Work for a runner: kinds whose function a test controls."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from pydantic import SecretStr

from jobs.claims import Claims
from jobs.errors import RateLimited, Unavailable
from jobs.leases import Leases
from jobs.registry import Abandon, Finished, Function, Kind, registry
from jobs.run import Run
from jobs.runner import Runner
from jobs.settings import WorkerSettings
from jobs.signals import Signals
from storage.connect import connect
from storage.durations import Durations
from storage.jobs import JobStore
from storage.keys import Keys
from storage.queues import Queues
from storage.records.ids import JobId
from storage.records.media import Picture
from storage.stored import WITHOUT_LIMIT, Most, Stored
from storage.tasks import end
from tests.support.line import Line, line_to

PICTURE = Picture(b"\x89PNG, or nearly so", "image/png", 640, 640)
FINISHED = Finished({"url": "/temp-portraits/x/image?v={version}"}, PICTURE)


async def finish(run: Run) -> Finished:
    return FINISHED


async def unavailable(run: Run) -> Finished:
    raise Unavailable(detail="connection refused")


async def rate_limited(run: Run) -> Finished:
    raise RateLimited(retry_after=90)


async def crash(run: Run) -> Finished:
    raise ZeroDivisionError("a secret of ours")


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


class Working:
    """A worker of one kind without its queue: claims, leases and runner, put together as `arq_worker` does it."""

    def __init__(self, store: JobStore, durations: Durations, kind: Kind, settings: WorkerSettings) -> None:
        lease_ms = int(settings.lease_seconds * 1000)
        self.kind = kind
        self.settings = settings
        self.leases = Leases(store, lease_ms=lease_ms, every=settings.renew_seconds)
        queues = Queues(store.commands, Keys(settings.redis_prefix))
        self.claims = Claims(store, queues, durations, worker=secrets.token_hex(4), lease_ms=lease_ms)
        self.runner = Runner(store, durations, self.leases, registry(kind))

    async def begin(self, entries: Sequence[bytes], room: int) -> list[Run]:
        return await self.claims.begin(self.kind, entries, room)

    async def run(self, job_id: JobId, claim: bytes) -> None:
        """The whole life of a run, if it is to be run under this claim."""
        for run in await self.begin([entry(job_id, claim)], 1):
            renewing = asyncio.create_task(self.leases.serve())
            try:
                await self.runner.run(run)
            finally:
                await end(renewing)

    @asynccontextmanager
    async def told(self, url: SecretStr, *, wake: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
        """Meanwhile it is told of what happens to its jobs and its queue."""
        keys = Keys(self.settings.redis_prefix)
        signals = Signals(url, keys)
        signals.on_stopped(self.leases.lost)
        signals.on_wake(self.kind.name, wake)
        signals.start()
        try:
            yield
        finally:
            await signals.aclose()


def entry(job_id: JobId, claim: bytes) -> bytes:
    """A job as it stands in its queue."""
    return f"{job_id}:{claim.decode()}".encode()


class Bench:
    """Makes workers over one store."""

    def __init__(self, store: JobStore, durations: Durations, settings: WorkerSettings) -> None:
        self.store = store
        self.durations = durations
        self.settings = settings

    def working(
        self,
        function: Function,
        *,
        kind: str = "portrait",
        seconds: float = 600,
        most: Most = WITHOUT_LIMIT,
        abandon: Abandon | None = None,
        **settings: object,
    ) -> Working:
        """A worker of one kind, which is done by `function`."""
        made = Kind(kind, function, "painter", 1, seconds, most, abandon)
        return Working(self.store, self.durations, made, self.settings.model_copy(update=settings))


@asynccontextmanager
async def far(redis_url: str, bench: Bench) -> AsyncIterator[tuple[Bench, Line]]:
    """The same behind a line that can be cut."""
    keys = Keys(bench.settings.redis_prefix)
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        store = JobStore(client, keys, bench.settings)
        yield Bench(store, Durations(store.commands, keys), bench.settings), line


@asynccontextmanager
async def running(working: Working, stored: Stored, work: Gated) -> AsyncIterator["asyncio.Task[None]"]:
    """The job's run, once its work has begun."""
    task = asyncio.create_task(working.run(stored.id, stored.claim))
    await work.begun.get()
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
