import asyncio

import pytest
from redis.asyncio import Redis

from jobs import errors
from jobs.backoff import ATTEMPTS
from jobs.registry import Abandon, Finished, Function
from jobs.run import Run
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.job import Status
from storage.stored import Stored
from storage.tasks import unbroken
from tests.support.job_states import JobStates
from tests.support.line import Line
from tests.support.listening import eventually
from tests.support.logged import Logs, names
from tests.support.work import FINISHED, Bench, Gated, far, finish, running

pytestmark = pytest.mark.timeout(60)


class Abandoned:
    """What a provider was asked to cancel."""

    def __init__(self) -> None:
        self.tasks: list[bytes] = []

    async def __call__(self, task: bytes) -> None:
        self.tasks.append(task)


async def keeps_a_task(run: Run) -> Finished:
    await run.keep_task(b"task 7")
    await asyncio.Event().wait()
    return FINISHED


async def with_a_task(keys: Keys, redis: Redis, stored: Stored) -> None:
    async def noted() -> bool:
        return bool(await redis.hexists(keys.job(stored.id), "task"))  # type: ignore[misc]

    await eventually(noted)


async def test_a_run_beyond_its_time_whose_provider_still_works_is_followed_by_one_that_finds_the_task(
    bench: Bench, jobs: JobStates, logs: Logs
) -> None:
    stored = await jobs.queued()

    async def submit(run: Run) -> Finished:
        await run.keep_task(b"task 7")
        await asyncio.Event().wait()
        return FINISHED

    await bench.working(submit, seconds=0.05).run(stored.id, stored.claim)

    stored = await jobs.get(stored.id)
    assert (stored.job.status, stored.job.attempt) == (Status.QUEUED, 1)
    assert stored.job.stage == "this takes long; still waiting for the provider"
    found = []

    async def go_on(run: Run) -> Finished:
        found.append(run.task)
        return FINISHED

    await bench.working(go_on).run(stored.id, stored.claim)
    assert found == [b"task 7"]
    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED
    assert names(logs) == ["job claimed", "job runs again", "job resumed", "job succeeded"]


async def test_a_job_is_not_handed_back_before_what_was_paid_for_is_noted(bench: Bench, jobs: JobStates) -> None:
    answer = asyncio.Event()

    async def submit(run: Run) -> Finished:
        async def pay() -> None:
            await answer.wait()
            await run.keep_task(b"task 7")

        work.go.clear()
        paying.set()
        await unbroken(pay())
        await work.go.wait()
        return FINISHED

    stored, work, paying = await jobs.queued(), Gated(submit), asyncio.Event()
    work.go.set()
    async with running(bench.working(work), stored, work) as run:
        await paying.wait()
        for _ in range(5):
            run.cancel()
            await asyncio.wait([run], timeout=0.01)
        assert not run.done()
        assert (await jobs.get(stored.id)).claim == stored.claim
        answer.set()
        await eventually(lambda: _cancelled(run))

    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt, back.task) == (Status.QUEUED, 0, b"task 7")


async def test_a_worker_that_stops_while_redis_is_away_does_not_wait_for_ever_to_note_what_was_paid_for(
    redis_url: str, bench: Bench, jobs: JobStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.run.LEAVE_SECONDS", 0.1)

    async def submit(run: Run) -> Finished:
        await run.keep_task(b"about to")
        line.cut()
        await unbroken(run.keep_task(b"task 7"))
        return FINISHED

    stored, work = await jobs.queued(), Gated(submit)
    async with far(redis_url, bench) as (distant, line):
        work.go.set()
        async with running(distant.working(work), stored, work) as run:
            await eventually(lambda: _refused(line))
            run.cancel()
            await asyncio.wait_for(asyncio.wait([run]), 20)

    assert (await jobs.get(stored.id)).task == b"about to"


async def _refused(line: Line) -> bool:
    return line.refused > 0


async def _cancelled(run: "asyncio.Task[None]") -> bool:
    run.cancel()
    await asyncio.wait([run], timeout=0.01)
    return run.done()


@pytest.mark.parametrize("then", ["canceled", "canceled and removed", "canceled and retried"])
async def test_what_a_provider_does_for_a_canceled_job_is_canceled_there_once(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, then: str
) -> None:
    stored, work, abandoned = await jobs.queued(), Gated(keeps_a_task), Abandoned()
    work.go.set()
    working = bench.working(work, abandon=abandoned)
    async with running(working, stored, work) as run:
        await with_a_task(keys, redis, stored)
        await store.cancel(stored.id)
        if then == "canceled and removed":
            await store.remove(stored.id)
        if then == "canceled and retried":
            await store.retry(stored.id)
        for _ in range(2):
            working.leases.lost(stored.id, stored.claim)
        await asyncio.wait_for(run, 20)

    assert abandoned.tasks == [b"task 7"]


async def test_what_a_provider_does_is_not_canceled_where_another_run_goes_on_with_it(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    abandoned = Abandoned()
    handed_back, taken_over = await jobs.queued(), await jobs.queued()
    for stored in (handed_back, taken_over):
        work = Gated(keeps_a_task)
        work.go.set()
        working = bench.working(work, abandon=abandoned)
        async with running(working, stored, work) as run:
            await with_a_task(keys, redis, stored)
            if stored is handed_back:
                run.cancel()
            else:
                lost = await jobs.get(stored.id)
                await store.requeue(lost, lost.job.requeued("the worker was lost"))
                working.leases.lost(stored.id, stored.claim)
            await asyncio.wait([run], timeout=20)
        assert (await jobs.get(stored.id)).task == b"task 7"

    assert abandoned.tasks == []


async def test_what_a_provider_still_does_after_the_last_attempt_is_canceled_there(
    bench: Bench, jobs: JobStates
) -> None:
    stored, abandoned = await jobs.queued(), Abandoned()

    for _ in range(ATTEMPTS):
        assert abandoned.tasks == []
        await bench.working(keeps_a_task, seconds=0.05, abandon=abandoned).run(stored.id, stored.claim)
        stored = await jobs.get(stored.id)

    assert stored.job.status is Status.FAILED
    assert abandoned.tasks == [b"task 7"]


async def test_a_canceled_job_whose_provider_was_not_asked_yet_or_cannot_cancel_does_no_harm(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs
) -> None:
    abandoned = Abandoned()

    async def refuses(task: bytes) -> None:
        raise errors.Rejected

    cases: list[tuple[Abandon, Function]] = [(abandoned, finish), (refuses, keeps_a_task)]
    for abandon, then in cases:
        stored = await jobs.queued()
        work = Gated(then)
        working = bench.working(work, abandon=abandon)
        async with running(working, stored, work) as run:
            if abandon is refuses:
                work.go.set()
                await with_a_task(keys, redis, stored)
            await store.cancel(stored.id)
            working.leases.lost(stored.id, stored.claim)
            await asyncio.wait_for(run, 20)

    assert abandoned.tasks == []
    assert names(logs) == 2 * ["job claimed", "job taken over"] + ["crashed"]
