"""Where the waiting jobs stand: `queue_position` of the first of each kind."""

import asyncio
import contextlib
from collections.abc import Sequence

from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.records.job import Status
from storage.stored import Fenced

TOLD = 50
EVERY_SECONDS = 2.0


class Places:
    """Tells each waiting job its place, at most every two seconds, however many workers there are."""

    def __init__(self, store: JobStore, kinds: Sequence[str]) -> None:
        self._store = store
        self._kinds = kinds

    async def serve(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(StoreUnavailable):
                for kind in self._kinds:
                    await self.tell(kind)
            await asyncio.sleep(EVERY_SECONDS)

    async def tell(self, kind: str) -> None:
        """Once, for one kind. Raises StoreUnavailable."""
        waiting = await self._store.waiting(kind, first=TOLD, every_ms=int(EVERY_SECONDS * 900))
        for position, stored in enumerate(await self._store.get_many(waiting) if waiting else [], start=1):
            if stored is None or stored.expired:
                continue
            job = stored.job
            if job.status is Status.QUEUED and job.queue_position != position:
                with contextlib.suppress(Fenced):
                    await self._store.place(stored, job.placed(position))
