import asyncio

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.settings import WorkerSettings
from jobs.sweeper import BATCH, DEATHS, Sweeper
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.job import ErrorCode, Status
from storage.stored import Stored, Swept
from tests.support.job_states import JobStates
from tests.support.line import line_to
from tests.support.listening import Listener, eventually
from tests.support.logged import Logs
from tests.support.work import entry

pytestmark = pytest.mark.timeout(60)

DAY_MS = 86_400_000


@pytest.fixture
async def sweeper(store: JobStore, settings: WorkerSettings) -> Sweeper:
    """One that has just swept, so that Redis has not been silent."""
    sweeper = Sweeper(store, settings)
    await sweeper.sweep()
    return sweeper


async def dies(keys: Keys, redis: Redis, stored: Stored) -> None:
    """The job's worker: its lease has run out."""
    await redis.zadd(keys.leases, {stored.id: 1})


async def test_a_job_whose_worker_died_goes_back_to_the_front_under_a_new_claim(
    sweeper: Sweeper,
    jobs: JobStates,
    keys: Keys,
    redis: Redis,
    logs: Logs,
) -> None:
    lost = await jobs.processing()
    await jobs.queued()
    await dies(keys, redis, lost)

    await sweeper.sweep()

    back = await jobs.get(lost.id)
    assert (back.job.status, back.job.attempt, back.job.progress) == (Status.QUEUED, 1, 0.0)
    assert back.job.stage == "the worker was lost; waiting for another"
    assert back.claim > lost.claim
    first, *_ = await redis.zrange(keys.queue("portrait"), 0, -1)
    assert first == entry(back.id, back.claim)

    assert (logs[0]["event"], logs[0]["job"], logs[0]["reason"]) == ("job swept", lost.id[:8], "the worker was lost")
    assert (await jobs.claimed(back)).job.attempt == 2


async def lost_until_final(sweeper: Sweeper, jobs: JobStates, keys: Keys, redis: Redis, stored: Stored) -> int:
    """How many workers have to die until the job is given up."""
    for deaths in range(1, 10):
        await dies(keys, redis, await jobs.claimed(await jobs.get(stored.id)))
        await sweeper.sweep()
        if (await jobs.get(stored.id)).job.final:
            return deaths
    raise AssertionError("never")


async def test_a_job_that_kills_its_workers_is_set_aside(
    sweeper: Sweeper, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()

    assert await lost_until_final(sweeper, jobs, keys, redis, stored) == DEATHS

    job = (await jobs.get(stored.id)).job
    assert job.error is not None
    assert (job.status, job.error.code, job.error.retryable) == (Status.FAILED, ErrorCode.LOST, True)
    assert job.expires_at is not None
    assert await redis.zcard(keys.queue("portrait")) == 0


async def test_deaths_from_before_a_retry_no_longer_count(
    sweeper: Sweeper, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await lost_until_final(sweeper, jobs, keys, redis, stored)

    await store.retry(stored.id)

    assert await lost_until_final(sweeper, jobs, keys, redis, stored) == DEATHS
    assert (await jobs.get(stored.id)).job.attempt == 2 * DEATHS


async def test_after_a_silence_of_redis_nobody_is_taken_for_dead(
    sweeper: Sweeper, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    running = await jobs.processing()
    await dies(keys, redis, running)
    await redis.decrby(keys.swept, 5_500)

    await sweeper.sweep()

    assert await jobs.get(running.id) == running


async def test_a_job_that_cannot_be_read_keeps_nobody_from_the_others(
    sweeper: Sweeper, jobs: JobStates, keys: Keys, redis: Redis, logs: Logs
) -> None:
    broken, lost = await jobs.processing(), await jobs.processing()
    assert broken.record is not None
    await redis.hset(keys.job(broken.id), "record", f"{broken.record[:17].decode()}no JSON")  # type: ignore[misc]
    await redis.zadd(keys.leases, {broken.id: 1, lost.id: 2})

    await sweeper.sweep()

    assert (await jobs.get(lost.id)).job.status is Status.QUEUED
    assert [line["job"] for line in logs if line["log_level"] == "error"] == [broken.id[:8]]


async def test_a_job_that_fell_out_of_its_queue_is_put_back(
    sweeper: Sweeper, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stray = await jobs.queued()
    await redis.delete(keys.queue("portrait"))

    await sweeper.sweep()

    back = await jobs.get(stray.id)
    assert (back.job.status, back.job.attempt) == (Status.QUEUED, 0)
    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [entry(back.id, back.claim)]


async def test_a_run_without_a_lease_is_taken_for_lost(
    sweeper: Sweeper, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stray = await jobs.processing()
    await redis.delete(keys.leases)

    await sweeper.sweep()

    assert (await jobs.get(stray.id)).job.status is Status.QUEUED


@pytest.mark.parametrize("why", ["behind others", "no worker knows its kind", "its provider is busy"])
async def test_a_job_that_waited_too_long_has_timed_out(
    sweeper: Sweeper, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, why: str
) -> None:
    kind = "sculpture" if why == "no worker knows its kind" else "portrait"
    late, waiting = await jobs.queued(kind=kind), await jobs.queued(kind=kind)
    if why == "its provider is busy":
        busy = await jobs.claimed(late)
        await store.requeue(busy, busy.job.requeued("the provider is busy", counts=False), delay_ms=DAY_MS)
    await redis.hincrby(keys.job(late.id), "queued_at", -DAY_MS - 1_000)  # type: ignore[misc]

    await sweeper.sweep()

    job = (await jobs.get(late.id)).job
    assert job.error is not None
    assert (job.status, job.error.code, job.error.retryable) == (Status.FAILED, ErrorCode.TIMED_OUT, True)
    assert await jobs.get(waiting.id) == waiting
    assert await redis.zcard(keys.queue(kind)) == 1
    assert await redis.zcard(keys.delayed) == 0


async def test_a_run_that_counted_begins_the_waiting_anew(
    sweeper: Sweeper, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await redis.hincrby(keys.job(stored.id), "queued_at", -DAY_MS - 1_000)  # type: ignore[misc]
    failed = await jobs.claimed(stored)
    await store.requeue(failed, failed.job.requeued("the provider is away"))

    await sweeper.sweep()

    assert (await jobs.get(stored.id)).job.status is Status.QUEUED


async def test_what_has_waited_for_its_time_goes_back_to_its_place_and_wakes_its_workers(
    sweeper: Sweeper, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, listener: Listener
) -> None:
    first, second = await jobs.processing(), await jobs.queued()
    await store.requeue(first, first.job.requeued("the provider is away"), delay_ms=DAY_MS)
    back = await jobs.get(first.id)
    await listener.subscribe(keys.wake("portrait"))
    await sweeper.sweep()
    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [entry(second.id, second.claim)]

    await redis.zadd(keys.delayed, {entry(back.id, back.claim): 1})
    await sweeper.sweep()

    assert await listener.message() == b""
    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [
        entry(back.id, back.claim),
        entry(second.id, second.claim),
    ]
    assert await redis.zcard(keys.delayed) == 0


async def test_what_was_canceled_while_it_waited_for_its_time_does_not_come_back(
    sweeper: Sweeper, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.processing()
    await store.requeue(stored, stored.job.requeued("the provider is away"), delay_ms=DAY_MS)
    back = await jobs.get(stored.id)
    await store.cancel(stored.id)
    assert await redis.zcard(keys.delayed) == 0

    await redis.zadd(keys.delayed, {entry(back.id, back.claim): 1})
    await sweeper.sweep()

    assert await redis.zcard(keys.queue("portrait")) == 0
    assert (await jobs.get(stored.id)).job.status is Status.CANCELED


async def test_many_who_sweep_at_once_change_a_job_once(
    sweeper: Sweeper,
    store: JobStore,
    settings: WorkerSettings,
    jobs: JobStates,
    keys: Keys,
    redis: Redis,
    listener: Listener,
    logs: Logs,
) -> None:
    lost, stray, late = await jobs.processing(), await jobs.queued(), await jobs.queued()
    await dies(keys, redis, lost)
    await redis.zrem(keys.queue("portrait"), f"{stray.id}:{stray.claim.decode()}")
    await redis.hincrby(keys.job(late.id), "queued_at", -DAY_MS - 1_000)  # type: ignore[misc]
    for stored in (lost, stray, late):
        await listener.subscribe(keys.job(stored.id))

    await asyncio.gather(sweeper.sweep(), *(Sweeper(store, settings).sweep() for _ in range(10)))

    assert {(await listener.job()).id for _ in range(3)} == {lost.id, stray.id, late.id}
    await listener.subscribe("a channel whose acknowledgement comes after all messages")
    assert listener.messages.empty()
    assert len(logs) == 3
    assert (await jobs.get(lost.id)).job.attempt == 1


async def test_more_jobs_than_a_batch_are_all_looked_at_in_turn(
    sweeper: Sweeper, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    count = BATCH + 10
    await asyncio.gather(*(jobs.queued() for _ in range(count)))

    for _ in range(2):
        await redis.delete(keys.queue("portrait"))
        await sweeper.sweep()
        assert await redis.zcard(keys.queue("portrait")) in (10, BATCH)
        await sweeper.sweep()
        assert await redis.zcard(keys.queue("portrait")) == count


async def test_what_was_found_is_left_alone_where_it_has_changed_since(
    store: JobStore, settings: WorkerSettings, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    """Another sweep was quicker, and a worker has already begun the job again."""

    class Slow(JobStore):
        async def sweep(self, **asked: int) -> Swept:
            swept = await super().sweep(**asked)
            if swept.overdue:
                await Sweeper(store, settings).sweep()
                await jobs.claimed(await jobs.get(lost.id))
            return swept

    slow = Sweeper(Slow(redis, keys, settings), settings)
    await slow.sweep()
    lost = await jobs.processing()
    await dies(keys, redis, lost)

    await slow.sweep()

    job = (await jobs.get(lost.id)).job
    assert (job.status, job.attempt) == (Status.PROCESSING, 2)


async def test_a_sweeper_goes_on_and_survives_the_loss_of_redis(
    redis_url: str, settings: WorkerSettings, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    often = settings.model_copy(update={"sweep_seconds": 0.01})
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        serving = asyncio.create_task(Sweeper(JobStore(client, keys, settings), often).serve())
        for _ in range(2):
            lost = await jobs.processing()

            async def is_back(job: Stored = lost) -> bool:
                await redis.zadd(keys.leases, {job.id: 1}, xx=True)
                return (await jobs.get(job.id)).job.status is Status.QUEUED

            await eventually(is_back)
            line.cut()
            await asyncio.wait([serving], timeout=0.05)
            assert not serving.done()
            line.mend()
        while not serving.done():
            serving.cancel()
            await asyncio.wait([serving], timeout=0.2)
