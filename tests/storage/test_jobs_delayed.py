"""Jobs that wait for a time before they wait in their queue, and since when a job has been waiting."""

import asyncio

import pytest
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.job import Status
from storage.stored import Found, Stored, StoredWithInput, Swept
from tests.support.job_states import JobStates
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)

DAY_MS = 86_400_000
MINUTE_MS = 60_000
NOTHING = Swept([], [], [])


async def sweep(store: JobStore) -> Swept:
    return await store.sweep(lease_ms=10_000, patience_ms=DAY_MS, offset=0, batch=100)


@pytest.fixture(autouse=True)
async def swept_just_now(store: JobStore) -> None:
    """So that Redis has not been silent."""
    await sweep(store)


async def delayed(store: JobStore, jobs: JobStates, *, counts: bool = True) -> StoredWithInput:
    """A job that waits for a minute after its first run."""
    held = await jobs.processing()
    await store.requeue(held, held.job.requeued("the provider is busy", counts=counts), delay_ms=MINUTE_MS)
    return await jobs.get(held.id)


async def milliseconds(redis: Redis) -> int:
    """Redis' clock, rounded as scripts round it."""
    seconds, microseconds = await redis.time()
    return round(int(seconds) * 1000 + int(microseconds) / 1000)


def entry(stored: Stored) -> bytes:
    return f"{stored.id}:{stored.claim.decode()}".encode()


async def time_has_come(keys: Keys, redis: Redis, stored: Stored) -> None:
    assert await redis.zadd(keys.delayed, {entry(stored): 1}, xx=True, ch=True) == 1


async def waited(keys: Keys, redis: Redis, stored: Stored) -> None:
    """As if it had been waiting for two days."""
    await redis.hincrby(keys.job(stored.id), "queued_at", -2 * DAY_MS)  # type: ignore[misc]


def found(stored: Stored) -> Found:
    assert stored.record is not None
    return Found(stored.id, stored.record[:16])


async def test_a_job_that_waits_for_a_time_does_not_stand_in_its_queue(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    before = await milliseconds(redis)

    stored = await delayed(store, jobs)

    assert (stored.job.status, stored.job.stage) == (Status.QUEUED, "the provider is busy")
    assert not await redis.exists(keys.queue("portrait"), keys.leases)
    assert await redis.zrange(keys.delayed, 0, -1) == [entry(stored)]
    due = await redis.zscore(keys.delayed, entry(stored))
    assert due is not None
    assert before <= due - MINUTE_MS <= await milliseconds(redis)


async def test_a_sweep_does_not_take_it_for_one_that_nobody_would_deliver(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await delayed(store, jobs)

    assert await sweep(store) == NOTHING

    assert await redis.zrange(keys.delayed, 0, -1) == [entry(stored)]


async def test_when_the_time_has_come_a_sweep_puts_it_where_it_stood_and_wakes_its_kind(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, listener: Listener
) -> None:
    stored = await delayed(store, jobs)
    later = await jobs.queued(owner="bob")
    await listener.subscribe(keys.wake("portrait"))
    await time_has_come(keys, redis, stored)

    assert await sweep(store) == NOTHING

    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [entry(stored), entry(later)]
    assert not await redis.exists(keys.delayed)
    assert await jobs.get(stored.id) == stored
    assert await listener.message() == b""
    assert await sweep(store) == NOTHING


async def test_however_many_sweep_at_once_it_is_put_back_once(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, listener: Listener
) -> None:
    stored = await delayed(store, jobs)
    await listener.subscribe(keys.wake("portrait"))
    await time_has_come(keys, redis, stored)

    assert await asyncio.gather(*(sweep(store) for _ in range(5))) == [NOTHING] * 5
    await redis.publish(keys.wake("portrait"), "after all")

    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [entry(stored)]
    assert [await listener.message(), await listener.message()] == [b"", b"after all"]


async def test_a_job_that_has_begun_to_run_is_not_put_back_again(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await delayed(store, jobs)
    await time_has_come(keys, redis, stored)
    await sweep(store)
    await jobs.claimed(stored)
    await redis.zadd(keys.delayed, {entry(stored): 1, f"{stored.id}:1".encode(): 1, b"no entry at all": 1})

    assert await sweep(store) == NOTHING

    assert not await redis.exists(keys.queue("portrait"), keys.delayed)


async def test_an_entry_under_an_old_claim_is_not_put_back(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await delayed(store, jobs)
    await redis.zadd(keys.delayed, {f"{stored.id}:1".encode(): 1})

    assert await sweep(store) == NOTHING

    assert await redis.zrange(keys.delayed, 0, -1) == [entry(stored)]
    assert not await redis.exists(keys.queue("portrait"))


async def test_a_batch_bounds_how_many_are_put_back(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    for _ in range(3):
        await time_has_come(keys, redis, await delayed(store, jobs))

    await store.sweep(lease_ms=10_000, patience_ms=DAY_MS, offset=0, batch=2)

    assert (await redis.zcard(keys.queue("portrait")), await redis.zcard(keys.delayed)) == (2, 1)


async def test_a_job_that_waits_for_a_time_is_canceled_at_once(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await delayed(store, jobs)

    await store.cancel(stored.id)

    assert not await redis.exists(keys.delayed, keys.queue("portrait"), keys.active)
    await store.retry(stored.id)
    assert await redis.zcard(keys.queue("portrait")) == 1


async def test_after_a_run_that_did_not_count_a_job_has_been_waiting_since_before_it(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    waiting = await jobs.queued()
    await waited(keys, redis, waiting)
    held = await jobs.claimed(waiting)
    assert await sweep(store) == NOTHING

    await store.requeue(held, held.job.requeued("busy", counts=False), delay_ms=MINUTE_MS)

    assert await sweep(store) == Swept([], [], [found(await jobs.get(held.id))])


@pytest.mark.parametrize("delay_ms", [0, MINUTE_MS])
async def test_after_a_run_that_counted_it_begins_to_wait_anew(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, delay_ms: int
) -> None:
    waiting = await jobs.queued()
    await waited(keys, redis, waiting)
    held = await jobs.claimed(waiting)

    await store.requeue(held, held.job.requeued("away"), delay_ms=delay_ms)

    assert await sweep(store) == NOTHING


async def test_a_job_that_was_lost_from_its_queue_has_been_waiting_all_the_time(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await waited(keys, redis, stored)
    await redis.delete(keys.queue("portrait"))

    await store.requeue(stored, stored.job)

    assert await sweep(store) == Swept([], [], [found(await jobs.get(stored.id))])


async def test_a_job_that_is_put_back_though_it_stands_in_its_queue_stands_there_once(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()

    await store.requeue(stored, stored.job)

    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [entry(await jobs.get(stored.id))]


async def test_what_a_person_tries_again_begins_to_wait_anew(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    for stored in (await jobs.failed(), await jobs.canceled()):
        await waited(keys, redis, stored)
        await store.retry(stored.id)

    assert await sweep(store) == NOTHING


async def test_a_job_waits_too_long_also_while_it_waits_for_a_time(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await delayed(store, jobs)
    await waited(keys, redis, stored)

    assert await sweep(store) == Swept([], [], [found(stored)])
