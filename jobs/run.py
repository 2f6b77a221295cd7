"""One run of a job, as the function that does the work sees it."""

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable
from typing import Any

from jobs.expectation import Expectation
from jobs.persistence import persistently
from jobs.providers.base import PREVIEW_BYTES
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.records.job import Job, JsonObject, Timestamp, timestamp
from storage.records.media import Picture
from storage.stored import Fenced, StoredWithInput

REPORT_SECONDS = 0.3
PREVIEW_SECONDS = 1.0
PREVIEWS = 12
LEAVE_SECONDS = 10.0
"""How long a worker that stops waits for Redis to take what a run has with its provider."""


class Run:
    """The job, its input, and the ways to tell how far it is.

    `job` is the newest record that this run has written. Only the holder of the claim writes, so it is also the newest
    there is, until a write is refused; then the run is over, and the task that does the work is cancelled.
    """

    def __init__(
        self,
        store: JobStore,
        stored: StoredWithInput,
        job: Job,
        *,
        started_ms: int,
        lease_ms: int,
        expectation: Expectation,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = stored.id
        self.claim = stored.claim
        self.owner = stored.owner
        self.input = stored.input
        self.attempts = job.attempt - stored.spent
        """Which run it is of those that count since a person last asked."""
        self.job = job
        self.task = stored.task
        """What an earlier run noted of the provider's task, or this one with `keep_task`; empty without one."""
        self.whole = not stored.task and job.result is None
        """Whether all of the work is this run's, as far as it has begun: no earlier one has left a part of it."""
        self.work: asyncio.Future[Any] | None = None
        """The task that does the work, once it has begun."""
        self.fenced = False
        self._store = store
        self._lease_ms = lease_ms
        self._started_ms = started_ms
        self._expectation = expectation
        self._clock = clock
        self._begun = clock()
        self._leaves = float("inf")
        self._reported = float("-inf")
        self._previewed = float("-inf")
        self._previews = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._begun

    @property
    def left(self) -> float | None:
        """Seconds that it will still take, in nine of ten cases no longer; none where nothing is known."""
        left = self._expectation.left(self.elapsed * 1000)
        return left / 1000 if left is not None else None

    def expected_again(self, now: int, seconds: float | None) -> Timestamp | None:
        """When the job will probably be finished if another run of it begins so many seconds after `now`; none where
        nothing is known, or it only goes back into its queue."""
        typical = self._expectation.typical
        return timestamp(now + int(seconds * 1000 + typical)) if seconds and typical is not None else None

    def fence(self) -> None:
        """The claim is another's: end the task that does the work."""
        self.fenced = True
        if self.work is not None:
            self.work.cancel()

    def leave(self) -> None:
        """The worker stops: Redis is no longer waited for without end."""
        self._leaves = self._clock() + LEAVE_SECONDS

    async def report(
        self, progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        """`jobs.providers.base.Report`. What comes too fast is left out: every record is the whole state anyway."""
        now = self._clock()
        shown = self._preview(progress, preview, now)
        if shown is None and now - self._reported < REPORT_SECONDS:
            return
        self._reported = now
        with contextlib.suppress(StoreUnavailable):
            await self._advance(progress, stage, shown or self.job.preview, self.job.result, left)

    async def publish(self, progress: float, stage: str | None, result: JsonObject) -> None:
        """Store a part of the result, at once and in any case. On return it is in Redis."""
        await persistently(lambda: self._advance(progress, stage, self.job.preview, result))

    async def keep_task(self, task: bytes) -> None:
        """Note what this run has with its provider, so that a later one goes on with it. On return it is in Redis.

        To be called with the intent before a step that costs money, and with the provider's id of the task right after
        it. Where the job is no longer ours the run ends here, before that step; what it was to note is then still known
        to whoever ends its task. A worker that stops does not wait for ever, and the next run looks for the task.
        """
        self.task = task
        if not await persistently(self._keep_task):
            await self._stop()

    async def _keep_task(self) -> bool:
        try:
            return await self._store.keep_task(self.id, self.claim, self.task, lease_ms=self._lease_ms)
        except StoreUnavailable:
            if self._clock() >= self._leaves:
                raise asyncio.CancelledError from None
            raise

    def _preview(self, progress: float, preview: Picture | None, now: float) -> str | None:
        if preview is None or len(preview.data) > PREVIEW_BYTES:
            return None
        # Twelve a run, spread over all of it.
        if now - self._previewed < PREVIEW_SECONDS or self._previews > progress * (PREVIEWS - 1):
            return None
        self._previewed = now
        self._previews += 1
        return f"data:{preview.content_type};base64,{base64.b64encode(preview.data).decode()}"

    async def _advance(
        self,
        progress: float,
        stage: str | None,
        preview: str | None,
        result: JsonObject | None,
        left: float | None = None,
    ) -> None:
        left_ms = left * 1000 if left is not None else None
        duration = self._expectation.revise(self.elapsed * 1000, progress, left_ms)
        expected_at = timestamp(self._started_ms + int(duration)) if duration is not None else None
        job = self.job.advanced(progress, stage=stage, preview=preview, expected_at=expected_at, result=result)
        try:
            self.job = await self._store.advance(job, self.claim)
        except Fenced:
            await self._stop()

    async def _stop(self) -> None:
        """The claim is another's: end the task that does the work, and whoever says this, here and now."""
        self.fence()
        task = asyncio.current_task()
        if task is not None and task is not self.work:
            task.cancel()
        await asyncio.sleep(0)
