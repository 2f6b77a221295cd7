"""The sweep: jobs whose worker died, jobs that nobody would deliver, jobs that have waited too long."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

from jobs.errors import TimedOut
from jobs.settings import WorkerSettings
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log_error, warn
from storage.records.job import ErrorCode, IllegalStep, Job, JobError, Status, timestamp
from storage.stored import Fenced, Found, Stored

BATCH = 500
DEATHS = 3
"""A job whose worker died under it this often is set aside: it may be the job that kills."""

LOST = JobError(
    code=ErrorCode.LOST, message="This could not be finished: it was interrupted again and again.", retryable=True
)


class Sweeper:
    """Sweeps until cancelled. Any number of workers may sweep at once."""

    def __init__(self, store: JobStore, settings: WorkerSettings) -> None:
        self._store = store
        self._settings = settings
        self._offset = 0

    async def serve(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable):
                await self.sweep()
            await asyncio.sleep(self._settings.sweep_seconds * random.uniform(0.9, 1.1))

    async def sweep(self) -> None:
        """Look once. Of the active jobs a batch is looked at, and the next one the next time."""
        active = await self._store.count_active()
        if self._offset >= active:
            self._offset = 0
        swept = await self._store.sweep(
            lease_ms=int(self._settings.lease_seconds * 1000),
            patience_ms=int(self._settings.queue_limit_seconds * 1000),
            offset=self._offset,
            batch=BATCH,
        )
        self._offset += BATCH
        for found in [*swept.overdue, *swept.stray]:
            await self._see_to(found, self._tend)
        for found in swept.late:
            await self._see_to(found, self._give_up)

    async def _see_to(self, found: Found, step: Callable[[Found], Awaitable[None]]) -> None:
        """A job that cannot be read, or written, keeps nobody from the others."""
        try:
            await step(found)
        except StoreUnavailable:
            raise
        except Exception as error:
            log_error(Event.CRASHED, job=found.id, exception=error)

    async def _still(self, found: Found) -> Stored | None:
        """The job, if it is still as it was found: by now another may have tended it, and it may run again."""
        stored = await self._store.get(found.id)
        if stored is None or stored.expired or stored.version != found.version:
            return None
        return stored

    async def _tend(self, found: Found) -> None:
        reason = "the worker was lost"
        stored = await self._still(found)
        if stored is None:
            return
        job = stored.job
        with contextlib.suppress(Fenced, IllegalStep):
            if job.status is Status.QUEUED:
                await self._store.requeue(stored, job)
                warn(Event.SWEPT, job=job.id, kind=job.kind, reason="nobody would have delivered it")
            elif job.attempt - stored.spent >= DEATHS:
                await self._store.end(stored, await self._failed(job, LOST))
                warn(Event.SWEPT, job=job.id, kind=job.kind, reason="lost too often, given up")
            else:
                await self._store.requeue(stored, job.requeued(f"{reason}; waiting for another"))
                warn(Event.SWEPT, job=job.id, kind=job.kind, reason=reason)

    async def _give_up(self, found: Found) -> None:
        stored = await self._still(found)
        if stored is None:
            return
        failure = TimedOut("This waited too long for its turn. Please try again.")
        with contextlib.suppress(Fenced):
            await self._store.end(stored, await self._failed(stored.job, failure.error()))
            warn(Event.SWEPT, job=found.id, kind=stored.job.kind, reason="waited too long")

    async def _failed(self, job: Job, error: JobError) -> Job:
        now = await self._store.now()
        return job.failed(error, timestamp(now), self._store.expires_at(now))
