"""Plays the worker: takes jobs from one state to the next through the store, as a run does."""

from dataclasses import dataclass
from typing import Any

from storage.jobs import JobStore
from storage.portraits import PortraitStore, StoredPicture
from storage.records.encoding import VERSION_PLACEHOLDER
from storage.records.ids import JobId, new_job_id
from storage.records.job import ErrorCode, Job, JobError, timestamp
from storage.stored import Stored, Submission

LEASE_MS = 600_000
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def picture_result(job_id: str) -> dict[str, Any]:
    return {
        "url": f"/temp-portraits/{job_id}/image?v={VERSION_PLACEHOLDER}",
        "content_type": "image/png",
        "width": 640,
        "height": 640,
        "bytes": len(PICTURE),
    }


@dataclass(frozen=True)
class Player:
    """A store, and the portraits beside it, under the prefix of the server that is looked at."""

    store: JobStore
    portraits: PortraitStore

    async def submit(self, job_id: JobId | None = None, *, kind: str = "portrait", owner: str = "somebody") -> JobId:
        job_id = job_id or new_job_id()
        await self.store.submit(Submission(job_id, kind, owner, b"{}", "fingerprint"))
        return job_id

    async def begin(self, job_id: JobId) -> Job:
        """Claim a job that waits."""
        stored = await self._stored(job_id)
        now = await self.store.now()
        running = stored.job.claimed(timestamp(now), provider="painter", expected_at=None)
        await self.store.claim([(stored, running)], lease_ms=LEASE_MS, worker="player")
        return await self.job(job_id)

    async def advance(self, job_id: JobId, progress: float, *, preview: str | None = None) -> Job:
        stored = await self._stored(job_id)
        news = stored.job.advanced(progress, stage="painting", preview=preview, expected_at=None, result=None)
        await self.store.advance(news, stored.claim)
        return await self.job(job_id)

    async def succeed(self, job_id: JobId) -> Job:
        stored = await self._stored(job_id)
        now = await self.store.now()
        done = stored.job.succeeded(picture_result(job_id), timestamp(now), self.store.expires_at(now))
        await self.store.advance(done, stored.claim, StoredPicture.of(PICTURE))
        return await self.job(job_id)

    async def fail(self, job_id: JobId, *, retryable: bool = True) -> Job:
        stored = await self._stored(job_id)
        now = await self.store.now()
        code = ErrorCode.PROVIDER_UNAVAILABLE if retryable else ErrorCode.MODERATED
        error = JobError(code=code, message="The painter is ill.", retryable=retryable)
        await self.store.advance(stored.job.failed(error, timestamp(now), self.store.expires_at(now)), stored.claim)
        return await self.job(job_id)

    async def finished(self, job_id: JobId | None = None, *, owner: str = "somebody") -> Job:
        """A portrait from its submission to its end."""
        job_id = await self.submit(job_id, owner=owner)
        await self.begin(job_id)
        return await self.succeed(job_id)

    async def running(self) -> JobId:
        job_id = await self.submit()
        await self.begin(job_id)
        return job_id

    async def job(self, job_id: JobId) -> Job:
        return (await self._stored(job_id)).job

    async def _stored(self, job_id: JobId) -> Stored:
        stored = await self.store.get(job_id)
        assert stored is not None
        return stored
