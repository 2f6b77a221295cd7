"""Jobs in the states that tests begin with, brought there by the store's own steps."""

from typing import Any

from storage.jobs import JobStore
from storage.portraits import StoredPicture
from storage.records.encoding import VERSION_PLACEHOLDER
from storage.records.ids import JobId, new_job_id
from storage.records.job import ErrorCode, Job, JobError, timestamp
from storage.stored import Stored, StoredWithInput, Submission

LEASE_MS = 10_000
PICTURE = StoredPicture.of(b"\x89PNG, or nearly so")
ERROR = JobError(code=ErrorCode.PROVIDER_UNAVAILABLE, message="The provider is away.", retryable=True)
NOON = timestamp(1_763_640_000_000)


def submission(**changes: Any) -> Submission:
    given: dict[str, Any] = {
        "id": new_job_id(),
        "kind": "portrait",
        "owner": "ann",
        "input": b'{"seed":1}',
        "fingerprint": "of what ann sent",
    }
    return Submission(**{**given, **changes})


def running(job: Job) -> Job:
    """The record with which a run of this job begins."""
    return job.claimed(NOON, provider="painter", expected_at=None)


def further(job: Job, progress: float, **changes: Any) -> Job:
    given: dict[str, Any] = {"stage": None, "preview": None, "expected_at": None, "result": job.result}
    return job.advanced(progress, **{**given, **changes})


def done(job: Job) -> Job:
    """The record with which a portrait ends well."""
    return job.succeeded({"url": f"/temp-portraits/{job.id}/image?v={VERSION_PLACEHOLDER}"}, NOON, NOON)


class JobStates:
    """Each method submits a job, takes it to its state, and answers it as it is then stored."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    async def get(self, job_id: str) -> StoredWithInput:
        stored = await self._store.get(JobId(job_id))
        assert stored is not None
        return stored

    async def queued(self, **changes: Any) -> StoredWithInput:
        given = submission(**changes)
        await self._store.submit(given)
        return await self.get(given.id)

    async def processing(self, *, lease_ms: int = LEASE_MS, **changes: Any) -> StoredWithInput:
        return await self.claimed(await self.queued(**changes), lease_ms=lease_ms)

    async def claimed(self, stored: Stored, *, lease_ms: int = LEASE_MS) -> StoredWithInput:
        """The same job, one run further."""
        (job,) = await self._store.claim([(stored, running(stored.job))], lease_ms=lease_ms, worker="a worker")
        assert job is not None
        return await self.get(stored.id)

    async def succeeded(self, **changes: Any) -> StoredWithInput:
        stored = await self.processing(**changes)
        await self._store.advance(done(stored.job), stored.claim, PICTURE)
        return await self.get(stored.id)

    async def failed(self, **changes: Any) -> StoredWithInput:
        stored = await self.processing(**changes)
        await self._store.advance(stored.job.failed(ERROR, NOON, NOON), stored.claim)
        return await self.get(stored.id)

    async def canceled(self, **changes: Any) -> StoredWithInput:
        stored = await self.queued(**changes)
        await self._store.cancel(stored.id)
        return await self.get(stored.id)
