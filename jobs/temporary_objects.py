"""Temporary objects end with their jobs: what lies under `temp/` and belongs to a job that is no longer kept."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from storage.errors import ObjectStoreUnavailable, StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log_error
from storage.objects.base import ObjectStore
from storage.objects.temporary import PREFIX
from storage.records.ids import JobId, parse_job_id

BATCH = 200
YOUNG = timedelta(minutes=10)
"""A younger one is left: it may just have been put, by a run of which nobody has heard yet."""

_ID = 36


class TemporaryObjects:
    """Looks every `seconds` until cancelled. Any number of workers may look at once."""

    def __init__(self, store: JobStore, objects: ObjectStore, *, seconds: float, young: timedelta = YOUNG) -> None:
        self._store = store
        self._objects = objects
        self._seconds = seconds
        self._young = young

    async def serve(self) -> None:
        while True:
            await asyncio.sleep(self._seconds * random.uniform(0.9, 1.1))
            try:
                await self.sweep()
            except (ObjectStoreUnavailable, StoreUnavailable):
                continue  # they wait until it can be looked at again
            except Exception as error:
                log_error(Event.CRASHED, exception=error)

    async def sweep(self) -> None:
        """Look once, at all of them. Raises ObjectStoreUnavailable, StoreUnavailable."""
        before = datetime.now(UTC) - self._young
        batch: dict[str, JobId] = {}
        async for listed in self._objects.list(PREFIX):
            job_id = job_of(listed.key)
            if job_id is None or listed.modified > before:
                continue
            batch[listed.key] = job_id
            if len(batch) == BATCH:
                await self._remove_of_the_gone(batch)
                batch = {}
        await self._remove_of_the_gone(batch)

    async def _remove_of_the_gone(self, batch: dict[str, JobId]) -> None:
        job_ids: Sequence[JobId] = sorted(set(batch.values()))
        kept = {
            stored.id for stored in await self._store.get_many(job_ids) if stored is not None and not stored.expired
        }
        gone = [key for key, job_id in batch.items() if job_id not in kept]
        if gone:
            await self._objects.delete(*gone)


def job_of(key: str) -> JobId | None:
    """The job whose temporary object this is, by its name; none where the name says none, and it is nobody's to go."""
    with contextlib.suppress(ValueError):
        return parse_job_id(key.rpartition("/")[2][:_ID])
    return None
