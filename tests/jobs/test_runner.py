import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from jobs import errors
from jobs.backoff import ATTEMPTS
from jobs.registry import Finished
from jobs.run import Run
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.job import ErrorCode, Status
from storage.stored import StoredWithInput
from tests.support.job_states import JobStates
from tests.support.listening import Listener, eventually
from tests.support.logged import Logs, names
from tests.support.work import (
    FINISHED,
    PICTURE,
    Bench,
    Gated,
    crash,
    entry,
    far,
    finish,
    rate_limited,
    running,
    unavailable,
)

pytestmark = pytest.mark.timeout(60)


async def test_a_run_that_ends_well_stores_its_result_and_its_picture(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs
) -> None:
    stored = await jobs.queued()

    await bench.working(finish).run(stored.id, stored.claim)

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
        (errors.Rejected, ErrorCode.PROVIDER_REJECTED, False),
        (errors.TaskFailed, ErrorCode.PROVIDER_UNAVAILABLE, True),
        (errors.SubmitUnknown, ErrorCode.SUBMIT_UNKNOWN, True),
        (errors.TimedOut, ErrorCode.TIMED_OUT, True),
        (errors.Internal, ErrorCode.INTERNAL, True),
    ],
)
async def test_a_failure_that_repeating_does_not_help_ends_the_job_with_its_code_and_a_sentence(
    bench: Bench, jobs: JobStates, logs: Logs, failure: type[errors.JobFailure], code: ErrorCode, retryable: bool
) -> None:
    async def fail(run: Run) -> Finished:
        raise failure(detail="402 from the provider")

    stored = await jobs.queued()

    await bench.working(fail).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert job.status is Status.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == (code, retryable)
    assert job.error.message == failure.default_message
    assert names(logs) == ["job claimed", "job failed"]
    assert (logs[1]["code"], logs[1]["detail"], logs[1]["log_level"]) == (code, "402 from the provider", "warning")


async def test_a_provider_that_is_away_is_asked_three_times_and_then_the_job_has_failed(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs
) -> None:
    stored = await jobs.queued()
    working = bench.working(unavailable)

    for attempt in range(1, ATTEMPTS):
        await working.run(stored.id, stored.claim)
        stored = await jobs.get(stored.id)
        assert (stored.job.status, stored.job.attempt) == (Status.QUEUED, attempt)
        assert stored.job.stage == "the provider is away; trying again"
    await working.run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert (job.status, job.attempt) == (Status.FAILED, ATTEMPTS)
    assert job.error == errors.Unavailable().error()
    assert names(logs).count("job runs again") == ATTEMPTS - 1
    assert (logs[1]["code"], logs[1]["detail"]) == ("provider_unavailable", "connection refused")
    assert names(logs)[-1] == "job failed"


async def test_attempts_count_from_the_last_time_that_a_person_asked(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    failed = await jobs.failed()
    await store.retry(failed.id)
    working = bench.working(unavailable)

    for _ in range(ATTEMPTS):
        stored = await jobs.get(failed.id)
        assert stored.job.status is Status.QUEUED
        await working.run(stored.id, stored.claim)

    assert (await jobs.get(failed.id)).job.attempt == 1 + ATTEMPTS
    assert (await jobs.get(failed.id)).job.status is Status.FAILED


async def test_a_provider_that_wants_us_to_wait_is_waited_for_and_it_costs_no_attempt(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs
) -> None:
    stored = await jobs.queued()
    waits_since = await redis.hget(keys.job(stored.id), "queued_at")  # type: ignore[misc]

    for _ in range(2 * ATTEMPTS):
        await bench.working(rate_limited).run(stored.id, stored.claim)
        stored = await jobs.get(stored.id)
        assert (stored.job.status, stored.job.attempt) == (Status.QUEUED, 0)
        assert stored.job.stage == "the provider is busy; waiting"

    due = await redis.zscore(keys.delayed, entry(stored.id, stored.claim))
    assert due == pytest.approx(int(stored.claim) / 1000 + 90_000, abs=1)
    assert await redis.zcard(keys.queue("portrait")) == 0
    assert await redis.hget(keys.job(stored.id), "queued_at") == waits_since  # type: ignore[misc]
    await bench.working(finish).run(stored.id, stored.claim)
    assert (await jobs.get(stored.id)).job.attempt == 1


async def is_cancelled_by_its_own_library(run: Run) -> Finished:
    raise asyncio.CancelledError


async def writes_too_much(run: Run) -> Finished:
    await run.publish(0.5, "writing", {"text": "x" * 40_000})
    return FINISHED


async def ends_with_too_much(run: Run) -> Finished:
    return Finished({"text": "x" * 40_000})


async def test_what_has_to_wait_for_something_else_waits_without_limit_and_without_a_word_in_the_log(
    bench: Bench, jobs: JobStates, logs: Logs
) -> None:
    async def wait(run: Run) -> Finished:
        raise errors.NotYet("waiting for its portrait", 0.0)

    stored = await jobs.queued()
    for _ in range(ATTEMPTS + 2):
        await bench.working(wait).run(stored.id, stored.claim)
        stored = await jobs.get(stored.id)
        job = stored.job
        assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "waiting for its portrait")

    await bench.working(finish).run(stored.id, stored.claim)

    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED
    assert set(names(logs)) == {"job claimed", "job succeeded"}


@pytest.mark.parametrize("work", [crash, is_cancelled_by_its_own_library, writes_too_much, ends_with_too_much])
async def test_a_fault_of_ours_ends_the_job_and_is_told_to_the_log_only(
    bench: Bench, jobs: JobStates, logs: Logs, work: Any
) -> None:
    stored = await jobs.queued()

    await bench.working(work).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert job.status is Status.FAILED
    assert job.error == errors.Internal().error()
    assert names(logs) == ["job claimed", "crashed", "job failed"]
    assert logs[1]["job"] == stored.id[:8]
    assert isinstance(logs[1]["exc_info"], BaseException)


async def test_a_run_beyond_the_time_of_its_kind_is_stopped_and_has_timed_out(bench: Bench, jobs: JobStates) -> None:
    stored = await jobs.queued()
    work = Gated()

    await bench.working(work, seconds=0.05).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert job.error is not None
    assert job.error.code is ErrorCode.TIMED_OUT
    assert work.stopped.is_set()


async def test_a_further_run_is_a_resumed_one(bench: Bench, store: JobStore, jobs: JobStates, logs: Logs) -> None:
    lost = await jobs.processing()
    await store.requeue(lost, lost.job.requeued("the worker was lost"))
    stored = await jobs.get(lost.id)

    await bench.working(finish).run(stored.id, stored.claim)

    assert names(logs) == ["job resumed", "job succeeded"]
    assert logs[0]["attempt"] == 2


async def test_what_recent_jobs_took_is_what_the_next_one_expects(
    bench: Bench, jobs: JobStates, keys: Keys, listener: Listener
) -> None:
    bench.durations.note("portrait", "painter", 5_000)
    stored = await jobs.queued()
    await listener.subscribe(keys.job(stored.id))

    await bench.working(finish).run(stored.id, stored.claim)

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
    async with (
        far(redis_url, bench) as (distant, line),
        running(distant.working(work, renew_seconds=0.01), stored, work) as run,
    ):
        line.cut()
        for attempts in (3, 6):

            async def was_asked(attempts: int = attempts) -> bool:
                return bool(line.refused >= attempts)

            await eventually(was_asked)
            assert not work.stopped.is_set()
            assert not run.done()
            work.go.set()
        line.mend()
        await run

    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("then", "told"),
    [(finish, "job succeeded"), (crash, "job failed")],
    ids=["its result", "its failure"],
)
async def test_an_end_that_was_written_though_its_answer_was_lost_is_told_as_what_it_is(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys, logs: Logs, then: Any, told: str
) -> None:
    stored, work = await jobs.queued(), Gated(then)
    async with far(redis_url, bench) as (distant, line):
        async with running(distant.working(work), stored, work) as run:
            line.cut_when_said(b"done")
            work.go.set()
            await run
        assert line.still_to_be_said == []

    assert (await jobs.get(stored.id)).job.final
    assert [name for name in names(logs) if name != "crashed"] == ["job claimed", told]


async def test_a_job_that_cannot_be_handed_back_does_not_keep_its_worker(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with far(redis_url, bench) as (distant, line), running(distant.working(work), stored, work) as run:
        before: StoredWithInput = await jobs.get(stored.id)
        line.cut()
        run.cancel()
        await asyncio.wait_for(asyncio.gather(run, return_exceptions=True), 20)

    assert await jobs.get(stored.id) == before
