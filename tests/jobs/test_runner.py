import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from jobs import errors
from jobs.registry import Finished
from jobs.run import Run
from jobs.runner import Runner
from storage.connect import connect
from storage.durations import Durations
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.ids import new_job_id
from storage.records.job import ErrorCode, Status
from storage.stored import Stored
from tests.support.job_states import JobStates, done
from tests.support.line import line_to
from tests.support.listening import Listener, eventually
from tests.support.work import FINISHED, PICTURE, Bench, Gated, finish

pytestmark = pytest.mark.timeout(60)

Logs = list[MutableMapping[str, Any]]


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as logs:
        yield logs


def names(logs: Logs) -> list[str]:
    return [line["event"] for line in logs]


@asynccontextmanager
async def running(runner: Runner, stored: Stored, work: Gated) -> AsyncIterator["asyncio.Task[None]"]:
    """The job's run, once its work has begun."""
    task = asyncio.create_task(runner.run(stored.id, stored.claim))
    await work.begun.get()
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_run_that_ends_well_stores_its_result_and_its_picture(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs
) -> None:
    stored = await jobs.queued()

    await bench.runner(finish).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert (job.status, job.progress, job.attempt, job.provider) == (Status.SUCCEEDED, 1.0, 1, "painter")
    assert job.result == {"url": f"/temp-portraits/x/image?v={job.version}"}
    assert job.started_at is not None
    assert await PortraitStore(redis, keys).data(stored.id) == PICTURE.data
    assert len(await bench.durations.recent("portrait", "painter")) == 1
    assert names(logs) == ["job claimed", "job succeeded"]
    assert logs[1]["job"] == stored.id[:8]
    assert logs[1]["provider"] == "painter"
    assert logs[1]["seconds"] >= 0


@pytest.mark.parametrize(
    ("failure", "code", "retryable"),
    [
        (errors.InvalidInput, ErrorCode.INVALID_INPUT, False),
        (errors.Moderated, ErrorCode.MODERATED, False),
        (errors.RateLimited, ErrorCode.PROVIDER_UNAVAILABLE, True),
        (errors.Unavailable, ErrorCode.PROVIDER_UNAVAILABLE, True),
        (errors.Rejected, ErrorCode.PROVIDER_REJECTED, False),
        (errors.TimedOut, ErrorCode.TIMED_OUT, True),
        (errors.Internal, ErrorCode.INTERNAL, True),
    ],
)
async def test_a_failure_ends_the_job_with_its_code_and_a_sentence(
    bench: Bench, jobs: JobStates, logs: Logs, failure: type[errors.JobFailure], code: ErrorCode, retryable: bool
) -> None:
    async def fail(run: Run) -> Finished:
        raise failure(detail="402 from the provider")

    stored = await jobs.queued()

    await bench.runner(fail).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert job.status is Status.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == (code, retryable)
    assert job.error.message == failure.default_message
    assert names(logs) == ["job claimed", "job failed"]
    assert (logs[1]["code"], logs[1]["detail"], logs[1]["log_level"]) == (code, "402 from the provider", "warning")


async def crash(run: Run) -> Finished:
    raise ZeroDivisionError("a secret of ours")


async def is_cancelled_by_its_own_library(run: Run) -> Finished:
    raise asyncio.CancelledError


async def writes_too_much(run: Run) -> Finished:
    await run.publish(0.5, "writing", {"text": "x" * 40_000})
    return FINISHED


async def ends_with_too_much(run: Run) -> Finished:
    return Finished({"text": "x" * 40_000})


@pytest.mark.parametrize("work", [crash, is_cancelled_by_its_own_library, writes_too_much, ends_with_too_much])
async def test_a_fault_of_ours_ends_the_job_and_is_told_to_the_log_only(
    bench: Bench, jobs: JobStates, logs: Logs, work: Any
) -> None:
    stored = await jobs.queued()

    await bench.runner(work).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert job.status is Status.FAILED
    assert job.error == errors.Internal().error()
    assert names(logs) == ["job claimed", "crashed", "job failed"]
    assert logs[1]["job"] == stored.id[:8]
    assert isinstance(logs[1]["exc_info"], BaseException)


async def test_a_run_beyond_its_time_is_stopped_and_has_timed_out(bench: Bench, jobs: JobStates) -> None:
    stored = await jobs.queued()
    work = Gated()

    await bench.runner(work, job_seconds=0.05).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert job.error is not None
    assert job.error.code is ErrorCode.TIMED_OUT
    assert work.stopped.is_set()


async def test_a_canceled_job_is_stopped_at_its_next_report(
    bench: Bench, store: JobStore, jobs: JobStates, logs: Logs
) -> None:
    async def report(run: Run) -> Finished:
        await run.report(0.5, "painting")
        raise AssertionError("it went on")

    stored, work = await jobs.queued(), Gated(report)
    async with running(bench.runner(work), stored, work) as run:
        canceled = await store.cancel(stored.id)
        work.go.set()
        await run

    assert work.stopped.is_set()
    assert (await jobs.get(stored.id)).job == canceled
    assert names(logs) == ["job claimed", "job taken over"]


async def test_a_canceled_job_is_stopped_at_the_next_renewal_of_its_lease(
    bench: Bench, store: JobStore, jobs: JobStates, logs: Logs
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with running(bench.runner(work, renew_seconds=0.01), stored, work) as run:
        canceled = await store.cancel(stored.id)
        await run

    assert work.stopped.is_set()
    assert (await jobs.get(stored.id)).job == canceled
    assert names(logs) == ["job claimed", "job taken over"]


async def test_a_lease_is_renewed_for_as_long_as_the_work_goes_on(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with running(bench.runner(work, renew_seconds=0.01), stored, work) as run:
        for _ in range(3):
            before = await redis.zscore(keys.leases, stored.id)

            async def later(than: float | None = before) -> bool:
                now = await redis.zscore(keys.leases, stored.id)
                return now is not None and than is not None and now > than

            await eventually(later)
        work.go.set()
        await run

    assert await redis.zscore(keys.leases, stored.id) is None


async def test_a_run_that_is_stopped_hands_its_job_back_and_nothing_is_held_against_it(
    bench: Bench, jobs: JobStates, logs: Logs
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with running(bench.runner(work), stored, work) as run:
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    assert work.stopped.is_set()
    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt, back.job.progress) == (Status.QUEUED, 0, 0.0)
    assert back.job.stage == "handed to another worker"
    assert back.claim > stored.claim
    assert names(logs) == ["job claimed", "job handed back"]

    await bench.runner(finish).run(back.id, back.claim)
    assert (await jobs.get(stored.id)).job.attempt == 1


async def test_a_run_that_is_stopped_after_its_job_was_canceled_hands_nothing_back(
    bench: Bench, store: JobStore, jobs: JobStates, logs: Logs
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with running(bench.runner(work), stored, work) as run:
        await store.cancel(stored.id)
        before = await jobs.get(stored.id)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    assert (await jobs.get(stored.id)).record == before.record
    assert names(logs) == ["job claimed"]


async def fail(run: Run) -> Finished:
    raise errors.Unavailable


@pytest.mark.parametrize("then", [finish, fail], ids=["its result", "its failure"])
async def test_what_a_run_ends_with_after_another_took_over_is_dropped(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs, then: Any
) -> None:
    stored, work = await jobs.queued(), Gated(then)
    async with running(bench.runner(work), stored, work) as run:
        lost = await jobs.get(stored.id)
        await store.requeue(lost, lost.job.requeued("the worker was lost"))
        taken_over = await jobs.claimed(await jobs.get(stored.id))
        work.go.set()
        await run

    assert await jobs.get(stored.id) == taken_over
    assert await PortraitStore(redis, keys).text(stored.id) is None
    assert names(logs) == ["job claimed", "job taken over"]
    await store.advance(done(taken_over.job), taken_over.claim)


@pytest.mark.parametrize("state", ["processing", "succeeded", "canceled"])
async def test_a_job_that_is_not_waiting_is_not_run(bench: Bench, jobs: JobStates, logs: Logs, state: str) -> None:
    stored = await getattr(jobs, state)()

    await bench.runner(finish).run(stored.id, stored.claim)

    assert (await jobs.get(stored.id)).record == stored.record
    assert logs == []


async def test_nothing_is_run_under_another_claim_or_an_unknown_id(bench: Bench, jobs: JobStates, logs: Logs) -> None:
    stored = await jobs.queued()

    await bench.runner(finish).run(stored.id, b"1763612345678901")
    await bench.runner(finish).run(new_job_id(), stored.claim)

    assert await jobs.get(stored.id) == stored
    assert logs == []


async def test_a_job_that_is_delivered_ten_times_is_run_once(bench: Bench, jobs: JobStates, logs: Logs) -> None:
    stored = await jobs.queued()

    await asyncio.gather(*(bench.runner(finish).run(stored.id, stored.claim) for _ in range(10)))

    assert (await jobs.get(stored.id)).job.attempt == 1
    assert names(logs) == ["job claimed", "job succeeded"]


async def test_a_further_run_is_a_resumed_one(bench: Bench, store: JobStore, jobs: JobStates, logs: Logs) -> None:
    lost = await jobs.processing()
    await store.requeue(lost, lost.job.requeued("the worker was lost"))
    stored = await jobs.get(lost.id)

    await bench.runner(finish).run(stored.id, stored.claim)

    assert names(logs) == ["job resumed", "job succeeded"]
    assert logs[0]["attempt"] == 2


async def test_what_recent_jobs_took_is_what_the_next_one_expects(
    bench: Bench, jobs: JobStates, keys: Keys, listener: Listener
) -> None:
    await bench.durations.add("portrait", "painter", 5_000)
    stored = await jobs.queued()
    await listener.subscribe(keys.job(stored.id))

    await bench.runner(finish).run(stored.id, stored.claim)

    claimed = await listener.job()
    assert claimed.started_at is not None
    assert claimed.expected_at is not None
    assert claimed.expected_at > claimed.started_at
    assert (await listener.final_job()).expected_at is None


async def test_a_worker_that_cannot_reach_redis_works_on_and_tells_the_result_when_it_can(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys
) -> None:
    async def report(run: Run) -> Finished:
        await run.report(0.5, "unheard")
        return FINISHED

    stored, work = await jobs.queued(), Gated(report)
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        far = Bench(JobStore(client, keys, bench.settings), Durations(client, keys), bench.settings)
        async with running(far.runner(work, renew_seconds=0.01), stored, work) as run:
            line.cut()
            for attempts in (3, 6):

                async def was_asked(attempts: int = attempts) -> bool:
                    return line.refused >= attempts

                await eventually(was_asked)
                assert not work.stopped.is_set()
                assert not run.done()
                work.go.set()
            line.mend()
            await run

    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED
