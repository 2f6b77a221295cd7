"""The life of one run: work, and then succeed, fail, run again or hand back."""

import asyncio
import functools
from collections.abc import Awaitable, Callable

from jobs.backoff import Again, again
from jobs.errors import Internal, JobFailure, NotYet, TimedOut
from jobs.leases import Leases
from jobs.persistence import persistently
from jobs.registry import Finished, Kind, Registry
from jobs.run import Run
from storage.durations import Durations
from storage.errors import RecordTooLarge
from storage.jobs import JobStore
from storage.logs import Event, log, log_error, warn
from storage.portraits import StoredPicture
from storage.records.job import IllegalStep, Status, timestamp
from storage.stored import Fenced, Stored
from storage.tasks import end, unbroken

ABANDON_SECONDS = 10.0
HAND_BACK_SECONDS = 2.0
"""How long a worker that stops tries to hand a job back. What it cannot tell Redis shows when the lease runs out."""
HANDED_BACK = Again(0.0, counts=False, stage="handed to another worker")


class Runner:
    """Sees runs that have begun to their end. Whatever happens, the job is final, or queued again, or another's."""

    def __init__(self, store: JobStore, durations: Durations, leases: Leases, registry: Registry) -> None:
        self._store = store
        self._durations = durations
        self._leases = leases
        self._registry = registry

    async def run(self, run: Run) -> None:
        """Do the work of a run that was claimed. If cancelled, hand it back first."""
        kind = self._registry[run.job.kind]
        self._leases.hold(run)
        try:
            try:
                await self._succeed(run, kind, await self._work(run, kind))
            except NotYet as what:
                following = Again(what.seconds, counts=False, stage=what.stage)
                await self._end(run, functools.partial(self._run_again, run, following, what.left))
            except JobFailure as failure:
                await self._failed(run, kind, failure)
        except Fenced:
            await unbroken(self._let_go(run, kind))
        except asyncio.CancelledError:
            await unbroken(self._hand_back(run, kind))
            raise
        finally:
            self._leases.release(run)

    async def _work(self, run: Run, kind: Kind) -> Finished:
        if run.fenced:
            raise Fenced
        run.work = work = asyncio.ensure_future(kind.function(run))
        try:
            # `wait` and not `wait_for`: of a task that swallows its cancellation that one would wait for the end.
            await asyncio.wait({work}, timeout=kind.seconds)
            late = not work.done()
        except asyncio.CancelledError:
            run.leave()
            raise
        finally:
            if not work.done():  # to its very end: it may be noting a task that a provider has just been paid for
                await unbroken(end(work))
        if late:
            raise TimedOut
        try:
            return work.result()
        except (JobFailure, NotYet, Fenced):
            raise
        except asyncio.CancelledError as error:
            if run.fenced:
                raise Fenced from None
            # It has cancelled itself: handed back, such a job would come round for ever.
            log_error(Event.CRASHED, job=run.id, exception=error)
            raise Internal from error
        except Exception as error:
            log_error(Event.CRASHED, job=run.id, exception=error)
            raise Internal from error

    async def _succeed(self, run: Run, kind: Kind, finished: Finished) -> None:
        picture = StoredPicture.of(finished.picture.data) if finished.picture is not None else None

        async def write() -> None:
            now = await self._store.now()
            job = run.job.succeeded(finished.result, timestamp(now), self._store.expires_at(now))
            await self._store.advance(job, run.claim, picture)

        try:
            await self._end(run, write)
        except RecordTooLarge as error:
            log_error(Event.CRASHED, job=run.id, exception=error)
            raise Internal from error
        log(Event.SUCCEEDED, job=run.id, kind=kind.name, provider=kind.provider, seconds=round(run.elapsed, 2))
        if run.whole:
            self._durations.note(kind.name, kind.provider, int(run.elapsed * 1000))

    async def _failed(self, run: Run, kind: Kind, failure: JobFailure) -> None:
        following = again(failure, run.attempts, resumable=bool(run.task))

        async def write() -> None:
            if following is not None:
                await self._run_again(run, following, following.seconds)
                return
            now = await self._store.now()
            job = run.job.failed(failure.error(), timestamp(now), self._store.expires_at(now))
            await self._store.advance(job, run.claim)

        await self._end(run, write)
        event = Event.FAILED if following is None else Event.RUN_AGAIN
        warn(event, job=run.id, kind=kind.name, code=failure.code.value, detail=failure.detail)
        if following is None and isinstance(failure, TimedOut):
            await unbroken(self._abandon(run, kind))

    async def _end(self, run: Run, write: Callable[[], Awaitable[None]]) -> None:
        """Write how the run ended, however long Redis is away. Raises Fenced."""
        try:
            await persistently(write)
        except Fenced:
            # It may be our own end that is in the way, if the answer to an earlier try was lost.
            stored = await persistently(lambda: self._store.look(run.id))
            if stored is None or stored.expired or stored.claim != run.claim or not stored.job.final:
                raise

    async def _run_again(self, run: Run, following: Again, starts_in: float | None) -> None:
        """The run that gets on with it will probably begin after `starts_in` seconds; none where nobody knows."""
        stored = await self._store.look(run.id)
        if stored is None or stored.expired or stored.claim != run.claim:
            raise Fenced
        expected_at = run.expected_again(await self._store.now(), starts_in)
        job = stored.job.requeued(following.stage, counts=following.counts, expected_at=expected_at)
        await self._store.requeue(stored, job, delay_ms=int(following.seconds * 1000))

    async def _hand_back(self, run: Run, kind: Kind) -> None:
        try:
            async with asyncio.timeout(HAND_BACK_SECONDS):
                await persistently(lambda: self._run_again(run, HANDED_BACK, None))
        except (TimeoutError, IllegalStep):  # it cannot be told, or has just ended
            return
        except Fenced:
            await self._let_go(run, kind)
            return
        log(Event.HANDED_BACK, job=run.id, kind=kind.name)

    async def _let_go(self, run: Run, kind: Kind) -> None:
        """Another has the job, or nobody any more."""
        log(Event.FENCED, job=run.id)
        await self._abandon(run, kind)

    async def _abandon(self, run: Run, kind: Kind) -> None:
        """Cancel what the run has with its provider, if nobody goes on with it."""
        if kind.abandon is None:
            return
        try:
            async with asyncio.timeout(ABANDON_SECONDS):
                stored = await persistently(lambda: self._store.look(run.id))
                if stored is not None and (task := _left_behind(run, stored)):
                    await kind.abandon(task)
        except Exception as error:  # it will be made for nobody
            log_error(Event.CRASHED, job=run.id, exception=error)


def _left_behind(run: Run, stored: Stored) -> bytes:
    """What the run has with its provider and nobody goes on with; empty if there is nothing."""
    asked_anew = stored.spent >= run.job.attempt  # by a person, since this run began: then all of it is made anew
    if not stored.expired and not asked_anew and (not stored.job.final or stored.job.status is Status.SUCCEEDED):
        return b""
    return run.task
