"""Where the waiting jobs stand: `queue_position` of the first of each kind, and when they will probably be finished."""

import asyncio
import contextlib
from collections.abc import Sequence

from jobs.expectation import TYPICAL, ends, quantile, steadied
from jobs.registry import Kind
from storage.durations import Durations
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.providers import Providers
from storage.queues import Queues, Waiting
from storage.records.ids import JobId
from storage.records.job import Job, Status, Timestamp, milliseconds
from storage.stored import Fenced, Stored

TOLD = 50
EVERY_SECONDS = 2.0


class Places:
    """Tells each waiting job its place, at most every two seconds, however many workers there are."""

    def __init__(
        self, store: JobStore, queues: Queues, durations: Durations, providers: Providers, kinds: Sequence[Kind]
    ) -> None:
        self._store = store
        self._queues = queues
        self._durations = durations
        self._providers = providers
        self._kinds = kinds

    async def serve(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(StoreUnavailable):
                for kind in self._kinds:
                    await self.tell(kind)
            await asyncio.sleep(EVERY_SECONDS)

    async def tell(self, kind: Kind) -> None:
        """Once, for one kind. Raises StoreUnavailable."""
        waiting = await self._queues.waiting(kind.name, first=TOLD, every_ms=int(EVERY_SECONDS * 900))
        if waiting is None or not (waiting.first or waiting.left):
            return
        now = await self._store.now()
        queued = await self._queued(waiting.first)
        paused = kind.provider in await self._providers.paused()
        expected = None if paused else await self._ends(kind, waiting, len(queued), now)
        for place, (stored, job) in enumerate(queued):
            told = None if paused else job.expected_at  # nobody knows for how long it is
            at = steadied(told, expected[place], now) if expected is not None else _still(told, now)
            await self._place(stored, job, place + 1, at)
        for stored, job in await self._queued(waiting.left):
            if job.queue_position is not None:  # else it has run meanwhile, and waits for a time
                await self._place(stored, job, None, None)
        await self._queues.placed(kind.name, [stored.id for stored, _ in queued])

    async def _queued(self, jobs: Sequence[JobId]) -> list[tuple[Stored, Job]]:
        """Those that wait still."""
        found = await self._store.get_many(jobs) if jobs else []
        kept = [(stored, stored.job) for stored in found if stored is not None and not stored.expired]
        return [(stored, job) for stored, job in kept if job.status is Status.QUEUED]

    async def _ends(self, kind: Kind, waiting: Waiting, count: int, now: int) -> list[float] | None:
        """In how many ms each of those that wait will have ended; none while nothing is known, or nothing runs."""
        takes = quantile(await self._durations.recent(kind.name, kind.provider), TYPICAL)
        if takes is None or not waiting.running:
            return None
        running = await self._store.get_many(waiting.few) if waiting.few else []
        told = [stored.job.expected_at for stored in running if stored is not None and not stored.expired]
        left = [max(0, milliseconds(at) - now) if at is not None else takes / 2 for at in told]
        return ends(left, waiting.running, takes, count)

    async def _place(self, stored: Stored, job: Job, position: int | None, expected_at: Timestamp | None) -> None:
        if (job.queue_position, job.expected_at) == (position, expected_at):
            return
        with contextlib.suppress(Fenced):
            await self._store.place(stored, job.placed(position, expected_at))


def _still(told: Timestamp | None, now: int) -> Timestamp | None:
    """What was told, as long as it can be true."""
    return told if told is not None and milliseconds(told) > now else None
