"""One run of a job, as the function that does the work sees it."""

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable

from jobs.expectation import Expectation
from jobs.persistence import persistently
from jobs.providers.base import PREVIEW_BYTES
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.records.job import Job, JsonObject, timestamp
from storage.records.media import Picture
from storage.stored import Fenced

REPORT_SECONDS = 0.3
PREVIEW_SECONDS = 1.0
PREVIEWS = 12


class Run:
    """The job, its input, and the ways to tell how far it is.

    `job` is the newest record that this run has written. Only the holder of the claim writes, so it is also the newest
    there is, until a write is refused; then the run is over, and the task that does the work is cancelled.
    """

    def __init__(
        self,
        store: JobStore,
        job: Job,
        claim: bytes,
        *,
        owner: str,
        input: bytes,
        started_ms: int,
        expectation: Expectation,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job = job
        self.owner = owner
        self.input = input
        self.fenced = False
        self._store = store
        self._claim = claim
        self._started_ms = started_ms
        self._expectation = expectation
        self._clock = clock
        self._begun = clock()
        self._reported = float("-inf")
        self._previewed = float("-inf")
        self._previews = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._begun

    async def report(self, progress: float, stage: str | None = None, preview: Picture | None = None) -> None:
        """`jobs.providers.base.Report`. What comes too fast is left out: every record is the whole state anyway."""
        now = self._clock()
        shown = self._preview(progress, preview, now)
        if shown is None and now - self._reported < REPORT_SECONDS:
            return
        self._reported = now
        with contextlib.suppress(StoreUnavailable):
            await self._advance(progress, stage, shown or self.job.preview, self.job.result)

    async def publish(self, progress: float, stage: str | None, result: JsonObject) -> None:
        """Store a part of the result, at once and in any case. On return it is in Redis."""
        await persistently(lambda: self._advance(progress, stage, self.job.preview, result))

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
        self, progress: float, stage: str | None, preview: str | None, result: JsonObject | None
    ) -> None:
        duration = self._expectation.revise(self.elapsed * 1000, progress)
        expected_at = timestamp(self._started_ms + int(duration)) if duration is not None else None
        job = self.job.advanced(progress, stage=stage, preview=preview, expected_at=expected_at, result=result)
        try:
            self.job = await self._store.advance(job, self._claim)
        except Fenced:
            await self._stop()

    async def _stop(self) -> None:
        """The claim is another's: end the task that does the work, here and now."""
        self.fenced = True
        task = asyncio.current_task()
        if task is not None:
            task.cancel()
        await asyncio.sleep(0)
