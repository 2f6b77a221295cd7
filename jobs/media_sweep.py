"""The sweep over what is kept: portraits and videos that are not in the object store yet, and removed worlds.

A row in Postgres says that something is still to be done, and stays until it is: whatever is killed, lost or away.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from jobs.media_steps import Decision, Step, next_step
from jobs.removals import Remover
from jobs.sweeper import LOST
from storage.errors import (
    DatabaseUnavailable,
    IdTaken,
    JobUnknown,
    ObjectStoreUnavailable,
    StoreUnavailable,
)
from storage.jobs import JobStore
from storage.kept import Kept
from storage.landing import Landed
from storage.logs import Event, log, log_error, warn
from storage.media import WaitingMedium
from storage.media_jobs import making_submission, upload_submission
from storage.objects.base import ObjectStore
from storage.portraits import PortraitStore
from storage.records.ids import JobId, new_job_id
from storage.records.job import Status
from storage.stored import Stored, Submission
from storage.tasks import end, unbroken

BATCH = 200
BATCHES = 20
"""In one sweep, however many more are due: deleted worlds, too, are to be seen to."""
SLOWLY = 10
"""What only a person can set going again is looked at so many times more seldom."""
PATIENCE = 0.1
"""What comes to nothing again and again is tried again after this part of the time it has waited by now."""
MOST_PATIENCE_SECONDS = 600.0
KEYS_SECONDS = 86_400.0
"""How long an Idempotency-Key stands for a world."""
ROUNDS = 10
"""Of so many rounds one also looks for what nobody looks after, and for what has expired."""


class MediaSweep:
    """Sweeps every `seconds` until cancelled. Any number of workers may sweep at once: each row is one's at a time."""

    def __init__(
        self,
        store: JobStore,
        portraits: PortraitStore,
        kept: Kept,
        objects: ObjectStore,
        *,
        seconds: float,
        most: float,
    ) -> None:
        """`most` is the longest that a run may take which writes to the object store."""
        self._store = store
        self._portraits = portraits
        self._kept = kept
        self._seconds = seconds
        self._remover = Remover(store, kept.removals, objects, most=most)
        self._round = 0
        self._away = False

    async def serve(self) -> None:
        """Beside each other: an object store that does not answer keeps nobody's portrait from being taken up."""
        # A task group would cancel each once, and what talks to Redis may swallow that.
        both = [
            asyncio.create_task(self._repeat(self._look_after, self._told)),
            asyncio.create_task(self._repeat(self._remove, lambda _: None)),
        ]
        try:
            await asyncio.gather(*both)
        finally:
            await unbroken(end(*both))

    async def _repeat(self, work: Callable[[], Awaitable[None]], told: Callable[[Exception | None], None]) -> None:
        while True:
            try:
                await work()
                told(None)
            except (DatabaseUnavailable, StoreUnavailable, ObjectStoreUnavailable) as error:
                told(error)
            except Exception as error:
                log_error(Event.CRASHED, exception=error)
            await asyncio.sleep(self._seconds * random.uniform(0.9, 1.1))

    def _told(self, error: Exception | None) -> None:
        """An operator is told once that Postgres is away, and once that it is back."""
        away = isinstance(error, DatabaseUnavailable)
        if away != self._away:
            self._away = away
            warn(Event.DATABASE_LOST, detail=str(error)) if away else log(Event.DATABASE_BACK)

    async def sweep(self) -> None:
        """Look once at everything that is due. Raises DatabaseUnavailable, StoreUnavailable, ObjectStoreUnavailable."""
        await self._look_after()
        await self._remove()

    async def _look_after(self) -> None:
        if self._round % ROUNDS == 0:
            await self._kept.landing.adopt(limit=BATCH)
            await self._kept.worlds.forget_keys(seconds=KEYS_SECONDS)
        self._round += 1
        for _ in range(BATCHES):
            due = await self._kept.media.waiting(limit=BATCH, again=self._seconds)
            if due:
                await self._see_to(due)
            if len(due) < BATCH:
                break

    async def _remove(self) -> None:
        await self._remover.remove_due(again=max(self._seconds * SLOWLY, 1.0))

    async def _see_to(self, due: Sequence[WaitingMedium]) -> None:
        ids = [JobId(waiting.upload if waiting.taken_up else waiting.job) for waiting in due]
        for waiting, stored in zip(due, await self._store.get_many(ids), strict=True):
            making, upload = (None, stored) if waiting.taken_up else (stored, None)
            try:
                await self._take(waiting, next_step(waiting, making, upload), making)
            except (DatabaseUnavailable, StoreUnavailable):
                raise
            except Exception as error:  # one that cannot be read keeps nobody from the others
                log_error(Event.CRASHED, job=waiting.job, exception=error)
                await self._kept.media.look_again(waiting.id, seconds=self._patience(waiting))

    async def _take(self, waiting: WaitingMedium, decision: Decision, making: Stored | None) -> None:
        media, landing, slowly = self._kept.media, self._kept.landing, self._seconds * SLOWLY
        match decision.step:
            case Step.WAIT:
                if decision.seldom:
                    await media.look_again(waiting.id, seconds=slowly)
            case Step.NOTE if decision.status is not None:
                await media.note(
                    waiting.id,
                    decision.status,
                    decision.error,
                    again=slowly if decision.seldom else self._seconds,
                    found=waiting,
                )
            case Step.SETTLE:
                await media.look_again(waiting.id, seconds=None)
            case Step.MAKE | Step.MAKE_ANEW:
                await self._make(waiting, anew=decision.step is Step.MAKE_ANEW)
            case Step.TAKE_UP:
                await self._take_up(waiting, making)
            case Step.SHOW if making is not None:
                await landing.shown(waiting.id, landed_of(making))
            case Step.UPLOAD:
                await self._submit(upload_submission(waiting.owner, waiting.id, waiting.upload))
            case Step.UPLOAD_ANEW:
                upload = new_job_id()
                if await landing.upload_with(waiting.id, upload):  # it may have come there since it was found
                    await self._submit(upload_submission(waiting.owner, waiting.id, upload))
                await media.look_again(waiting.id, seconds=max(slowly, self._patience(waiting)))

    async def _make(self, waiting: WaitingMedium, *, anew: bool) -> None:
        if waiting.input is None:
            await self._kept.media.note(waiting.id, Status.FAILED, LOST, again=None, found=waiting)
            return
        job = waiting.job
        if anew:
            job = new_job_id()
            if not await self._kept.media.begin_anew(waiting.id, job, found=waiting):
                await self._kept.media.note(waiting.id, Status.FAILED, LOST, again=None, found=waiting)
                return
        warn(Event.MADE_AGAIN, job=job, kind=waiting.kind)
        await self._submit(making_submission(waiting.owner, waiting.kind, job, waiting.input, name=waiting.name))

    async def _take_up(self, waiting: WaitingMedium, making: Stored | None) -> None:
        text = await self._portraits.text(JobId(waiting.job))
        if text is None:  # it has expired in this moment, and the next look will show it
            return
        if await self._kept.landing.take_up(waiting.id, text.decode()):
            log(Event.TAKEN_UP, job=waiting.job, kind=waiting.kind)
            await self._submit(upload_submission(waiting.owner, waiting.id, waiting.upload))
            return
        # An older one is on its way. Meanwhile it must not expire: another would be made in its place, and paid for.
        await self._store.touch([making] if making is not None else [])
        await self._kept.media.look_again(waiting.id, seconds=self._patience(waiting))

    def _patience(self, waiting: WaitingMedium) -> float:
        return max(self._seconds, min(waiting.age * PATIENCE, MOST_PATIENCE_SECONDS))

    async def _submit(self, submission: Submission) -> None:
        try:
            await self._store.submit(submission)
        except (IdTaken, JobUnknown):
            return  # it was submitted by somebody else, in other words, or is gone by now: the next look will show it


def landed_of(making: Stored) -> Landed:
    """What the result of a finished `video` job says."""
    result = making.job.result or {}
    return Landed(
        object_key=None,
        url=str(result["url"]),
        content_type=str(result["content_type"]),
        width=int(result["width"]),
        height=int(result["height"]),
        bytes=int(result["bytes"]),
        seconds=float(result["seconds"]),
        poster_url=result.get("poster"),
    )
