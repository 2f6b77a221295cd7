import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.registry import Finished
from jobs.run import Run
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.ids import new_job_id
from storage.records.job import Status
from tests.support.job_states import JobStates, done
from tests.support.listening import eventually
from tests.support.logged import Logs, names
from tests.support.work import Bench, Gated, crash, entry, finish, rate_limited, running, unavailable

pytestmark = pytest.mark.timeout(60)

HOUR = 3_600.0


async def test_a_canceled_job_is_stopped_at_its_next_report(
    bench: Bench, store: JobStore, jobs: JobStates, logs: Logs
) -> None:
    async def report(run: Run) -> Finished:
        await run.report(0.5, "painting")
        raise AssertionError("it went on")

    stored, work = await jobs.queued(), Gated(report)
    async with running(bench.working(work), stored, work) as run:
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
    async with running(bench.working(work, renew_seconds=0.01), stored, work) as run:
        canceled = await store.cancel(stored.id)
        await run

    assert work.stopped.is_set()
    assert (await jobs.get(stored.id)).job == canceled
    assert names(logs) == ["job claimed", "job taken over"]


async def test_a_canceled_job_is_stopped_at_once_though_its_lease_is_not_renewed_for_long(
    redis_url: str, bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, work = await jobs.queued(), Gated()
    working = bench.working(work, renew_seconds=HOUR)
    async with working.told(SecretStr(redis_url)), running(working, stored, work) as run:
        await eventually(lambda: _listened_to(redis, keys.stopped))
        canceled = await store.cancel(stored.id)
        await asyncio.wait_for(run, 20)

    assert work.stopped.is_set()
    assert (await jobs.get(stored.id)).job == canceled


async def _listened_to(redis: Redis, channel: str) -> bool:
    ((_, listeners),) = await redis.pubsub_numsub(channel)
    return bool(listeners)


async def test_a_job_that_was_canceled_before_its_work_began_is_not_begun(
    bench: Bench, store: JobStore, jobs: JobStates, logs: Logs
) -> None:
    stored, work = await jobs.queued(), Gated()
    working = bench.working(work)
    (run,) = await working.begin([entry(stored.id, stored.claim)], 1)
    await store.cancel(stored.id)

    working.leases.lost(stored.id, stored.claim)
    await working.runner.run(run)

    assert work.begun.empty()
    assert names(logs) == ["job claimed", "job taken over"]
    assert len(working.leases) == 0


async def test_a_lease_is_renewed_for_as_long_as_the_work_goes_on(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with running(bench.working(work, renew_seconds=0.01), stored, work) as run:
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
    async with running(bench.working(work), stored, work) as run:
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    assert work.stopped.is_set()
    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt, back.job.progress) == (Status.QUEUED, 0, 0.0)
    assert back.job.stage == "handed to another worker"
    assert back.claim > stored.claim
    assert names(logs) == ["job claimed", "job handed back"]

    await bench.working(finish).run(back.id, back.claim)
    assert (await jobs.get(stored.id)).job.attempt == 1


async def test_a_run_that_is_stopped_after_its_job_was_canceled_hands_nothing_back(
    bench: Bench, store: JobStore, jobs: JobStates, logs: Logs
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with running(bench.working(work), stored, work) as run:
        await store.cancel(stored.id)
        before = await jobs.get(stored.id)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    assert (await jobs.get(stored.id)).record == before.record
    assert names(logs) == ["job claimed", "job taken over"]


@pytest.mark.parametrize("then", [finish, unavailable, rate_limited, crash])
async def test_what_a_run_ends_with_after_another_took_over_is_dropped(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs, then: Any
) -> None:
    stored, work = await jobs.queued(), Gated(then)
    async with running(bench.working(work), stored, work) as run:
        lost = await jobs.get(stored.id)
        await store.requeue(lost, lost.job.requeued("the worker was lost"))
        taken_over = await jobs.claimed(await jobs.get(stored.id))
        work.go.set()
        await run

    assert await jobs.get(stored.id) == taken_over
    assert await PortraitStore(redis, keys).text(stored.id) is None
    assert [name for name in names(logs) if name != "crashed"] == ["job claimed", "job taken over"]
    await store.advance(done(taken_over.job), taken_over.claim)


@pytest.mark.parametrize("state", ["processing", "succeeded", "canceled"])
async def test_a_job_that_is_not_waiting_is_not_run(bench: Bench, jobs: JobStates, logs: Logs, state: str) -> None:
    stored = await getattr(jobs, state)()

    await bench.working(finish).run(stored.id, stored.claim)

    assert (await jobs.get(stored.id)).record == stored.record
    assert logs == []


async def test_nothing_is_run_under_another_claim_or_an_unknown_id(bench: Bench, jobs: JobStates, logs: Logs) -> None:
    stored = await jobs.queued()

    await bench.working(finish).run(stored.id, b"1763612345678901")
    await bench.working(finish).run(new_job_id(), stored.claim)

    assert await jobs.get(stored.id) == stored
    assert logs == []


async def test_a_job_that_is_delivered_ten_times_is_run_once(bench: Bench, jobs: JobStates, logs: Logs) -> None:
    stored = await jobs.queued()

    await asyncio.gather(*(bench.working(finish).run(stored.id, stored.claim) for _ in range(10)))

    assert (await jobs.get(stored.id)).job.attempt == 1
    assert names(logs) == ["job claimed", "job succeeded"]
