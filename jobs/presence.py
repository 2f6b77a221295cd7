"""A worker says that it is there, so that whoever looks at the queue sees it."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Iterable, Sized

from jobs.registry import Kind
from storage.errors import StoreUnavailable
from storage.logs import Event, log_error
from storage.tasks import unbroken
from storage.workers import LOST_MS, Place, Worker, Workers

EVERY_SECONDS = LOST_MS / 3_000
"""Two signs may be late or lost before a worker that lives is counted as lost."""
LEAVE_SECONDS = 1.0


class Presence:
    """Notes the worker called `name` again and again, with how many jobs it has `held`, until it leaves.

    One that is killed is seen until its time is over.
    """

    def __init__(
        self, workers: Workers, name: str, kinds: Iterable[Kind], held: Sized, *, every: float = EVERY_SECONDS
    ) -> None:
        self._workers = workers
        self._worker = Worker(
            name=name,
            host=socket.gethostname(),
            pid=os.getpid(),
            kinds={kind.name: Place(provider=kind.provider, at_once=kind.at_once) for kind in kinds},
        )
        self._held = held
        self._every = every

    async def serve(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await _by_the_way(self._note())
                await asyncio.sleep(self._every)
        finally:
            await unbroken(_by_the_way(self._leave()))

    async def _note(self) -> None:
        running = self._worker.model_copy(update={"running": len(self._held)})
        self._worker = await self._workers.note(running)
        await self._workers.listed()  # which clears away those that were killed

    async def _leave(self) -> None:
        async with asyncio.timeout(LEAVE_SECONDS):
            await self._workers.remove(self._worker.name)


async def _by_the_way(work: Awaitable[None]) -> None:
    """Jobs are done all the same if this fails."""
    try:
        await work
    except (StoreUnavailable, TimeoutError):
        pass
    except Exception as error:
        log_error(Event.CRASHED, exception=error)
