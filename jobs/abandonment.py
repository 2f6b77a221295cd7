"""What a provider still does for a job that was ended while it waited, or was given up: no run of it sees to that."""

import asyncio
import contextlib
import functools

from jobs.persistence import persistently
from jobs.registry import Registry
from storage.jobs import JobStore
from storage.logs import Event, log_error
from storage.records.ids import JobId
from storage.records.job import ErrorCode, Job, Status

SECONDS = 10.0
AT_MOST = 1_000
"""Ends that wait to be seen to. What is beyond is left to the provider's own limit of time."""


class Abandonment:
    """Has the tasks of such jobs cancelled, each by one of the workers that are told; until cancelled itself."""

    def __init__(self, store: JobStore, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        self._any = any(kind.abandon is not None for kind in registry.values())
        self._ended: asyncio.Queue[JobId] = asyncio.Queue(AT_MOST)

    def ended(self, job_id: JobId, claim: bytes) -> None:
        """A job was ended from outside. Returns at once."""
        if self._any:
            with contextlib.suppress(asyncio.QueueFull):
                self._ended.put_nowait(job_id)

    async def serve(self) -> None:
        while True:
            job_id = await self._ended.get()
            try:
                await persistently(functools.partial(self._see_to, job_id))
            except Exception as error:  # it will be made for nobody
                log_error(Event.CRASHED, job=job_id, exception=error)

    async def _see_to(self, job_id: JobId) -> None:
        stored = await self._store.get(job_id)
        if stored is None or stored.expired or not stored.task:
            return
        job, kind = stored.job, self._registry.get(stored.job.kind)
        if not _runs_nowhere(job) or kind is None or kind.abandon is None:
            return
        if await self._store.take_task(stored):
            async with asyncio.timeout(SECONDS):
                await kind.abandon(stored.task)


def _runs_nowhere(job: Job) -> bool:
    """Whether a job ended that no run of it can see to: while it waited, or after its workers had died."""
    if job.status not in (Status.CANCELED, Status.FAILED):
        return False
    return job.started_at is None or (job.error is not None and job.error.code is ErrorCode.LOST)
