"""The life of one attempt: claim, lease, run, and then succeed, fail or hand back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from jobs.errors import Internal, JobFailure, TimedOut
from jobs.expectation import Expectation
from jobs.persistence import persistently
from jobs.registry import Finished, Kind, Registry
from jobs.run import Run
from jobs.settings import WorkerSettings
from storage.durations import Durations
from storage.errors import RecordTooLarge, StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log, log_error, warn
from storage.portraits import StoredPicture
from storage.records.ids import JobId
from storage.records.job import IllegalStep, Status, timestamp
from storage.stored import Fenced
from storage.tasks import end, unbroken


class Runner:
    """Runs jobs that were delivered. Whatever happens, the job is final, or queued again, or another's."""

    def __init__(self, store: JobStore, durations: Durations, registry: Registry, settings: WorkerSettings) -> None:
        self._store = store
        self._durations = durations
        self._registry = registry
        self._settings = settings
        self._lease_ms = int(settings.lease_seconds * 1000)

    async def run(self, job_id: JobId, claim: bytes) -> None:
        """Run the job if it is still to be run under this claim. If cancelled, hand it back first."""
        run = await self._begin(job_id, claim)
        if run is None:
            return
        kind = self._registry[run.job.kind]
        work = asyncio.ensure_future(kind.function(run))
        try:
            async with self._leased(run, claim, work):
                finished = await self._outcome(run, work)
            await self._succeed(run, claim, kind, finished)
        except JobFailure as failure:
            await self._fail(run, claim, failure)
        except Fenced:
            log(Event.FENCED, job=job_id)
        except asyncio.CancelledError:
            if run.fenced:
                log(Event.FENCED, job=job_id)
                return
            await unbroken(self._hand_back(run, claim))
            raise

    async def _begin(self, job_id: JobId, claim: bytes) -> Run | None:
        while True:
            try:
                return await persistently(lambda: self._claim(job_id, claim))
            except Fenced:
                continue  # the record has changed since it was read: if the claim has too, the next look says so

    async def _claim(self, job_id: JobId, claim: bytes) -> Run | None:
        stored = await self._store.get(job_id)
        if stored is None or stored.expired or stored.claim != claim:
            return None
        before = stored.job
        if before.status is not Status.QUEUED:
            return None
        kind = self._registry[before.kind]
        expectation = Expectation(await self._durations.recent(kind.name, kind.provider))
        now = await self._store.now()
        expected = expectation.told
        claimed = before.claimed(
            timestamp(now),
            provider=kind.provider,
            expected_at=timestamp(now + int(expected)) if expected is not None else None,
        )
        job = await self._store.claim(stored, claimed, lease_ms=self._lease_ms)
        resumed = before.attempt > 0 or before.result is not None
        log(Event.RESUMED if resumed else Event.CLAIMED, job=job_id, kind=job.kind, attempt=job.attempt)
        return Run(
            self._store,
            job,
            claim,
            owner=stored.owner,
            input=stored.input,
            started_ms=now,
            expectation=expectation,
        )

    async def _outcome(self, run: Run, work: "asyncio.Future[Finished]") -> Finished:
        # `wait` and not `wait_for`: of a task that swallows its cancellation that one would wait for the end.
        await asyncio.wait({work}, timeout=self._settings.job_seconds)
        if not work.done():
            await end(work)
            raise TimedOut
        try:
            return work.result()
        except (JobFailure, Fenced):
            raise
        except asyncio.CancelledError as error:
            if run.fenced:
                raise
            # It has cancelled itself: handed back, such a job would come round for ever.
            log_error(Event.CRASHED, job=run.job.id, exception=error)
            raise Internal from error
        except Exception as error:
            log_error(Event.CRASHED, job=run.job.id, exception=error)
            raise Internal from error

    @contextlib.asynccontextmanager
    async def _leased(self, run: Run, claim: bytes, work: "asyncio.Future[Finished]") -> AsyncIterator[None]:
        lease = asyncio.create_task(self._renew(run, claim, work), name="lease")
        try:
            yield
        finally:
            await end(lease, work)

    async def _renew(self, run: Run, claim: bytes, work: "asyncio.Future[Finished]") -> None:
        while True:
            await asyncio.sleep(self._settings.renew_seconds)
            try:
                if not await self._store.renew(JobId(run.job.id), claim, lease_ms=self._lease_ms):
                    run.fenced = True
                    work.cancel()
                    return
            except StoreUnavailable:
                continue  # works on: silence is not another claim
            except Exception as error:
                log_error(Event.CRASHED, job=run.job.id, exception=error)

    async def _succeed(self, run: Run, claim: bytes, kind: Kind, finished: Finished) -> None:
        picture = StoredPicture.of(finished.picture.data) if finished.picture is not None else None

        async def write() -> None:
            now = await self._store.now()
            job = run.job.succeeded(finished.result, timestamp(now), self._store.expires_at(now))
            await self._store.advance(job, claim, picture)

        try:
            await persistently(write)
        except RecordTooLarge as error:
            log_error(Event.CRASHED, job=run.job.id, exception=error)
            raise Internal from error
        log(Event.SUCCEEDED, job=run.job.id, kind=kind.name, provider=kind.provider, seconds=round(run.elapsed, 2))
        with contextlib.suppress(StoreUnavailable):
            await self._durations.add(kind.name, kind.provider, int(run.elapsed * 1000))

    async def _fail(self, run: Run, claim: bytes, failure: JobFailure) -> None:
        async def write() -> None:
            now = await self._store.now()
            await self._store.advance(
                run.job.failed(failure.error(), timestamp(now), self._store.expires_at(now)), claim
            )

        try:
            await persistently(write)
        except Fenced:
            log(Event.FENCED, job=run.job.id)
            return
        warn(Event.FAILED, job=run.job.id, kind=run.job.kind, code=failure.code.value, detail=failure.detail)

    async def _hand_back(self, run: Run, claim: bytes) -> None:
        stored = None
        with contextlib.suppress(StoreUnavailable, Fenced, IllegalStep):
            stored = await self._store.get(JobId(run.job.id))
            if stored is None or stored.expired or stored.claim != claim:
                return
            await self._store.requeue(stored, stored.job.requeued("handed to another worker", counts=False))
            log(Event.HANDED_BACK, job=run.job.id, kind=run.job.kind)
