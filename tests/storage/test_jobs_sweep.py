"""What a sweep finds. What is then done about it is in tests/jobs/test_sweeper.py."""

import pytest
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.stored import Found, Stored, Swept
from tests.support.job_states import JobStates

pytestmark = pytest.mark.timeout(30)

DAY_MS = 86_400_000


async def sweep(store: JobStore, *, patience_ms: int = DAY_MS, offset: int = 0, batch: int = 100) -> Swept:
    return await store.sweep(lease_ms=10_000, patience_ms=patience_ms, offset=offset, batch=batch)


@pytest.fixture(autouse=True)
async def swept_just_now(store: JobStore) -> None:
    """So that Redis has not been silent."""
    await sweep(store)


def found(stored: Stored) -> Found:
    assert stored.record is not None
    return Found(stored.id, stored.record[:16])


async def overdue(jobs: JobStates, keys: Keys, redis: Redis) -> Stored:
    stored = await jobs.processing()
    await redis.zadd(keys.leases, {stored.id: 1})
    return stored


async def test_jobs_that_are_looked_after_are_not_found(store: JobStore, jobs: JobStates) -> None:
    await jobs.queued()
    await jobs.processing()
    await jobs.succeeded()

    assert await sweep(store) == Swept([], [], [])


async def test_a_job_whose_lease_ran_out_is_found(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    await jobs.processing()
    lost = await overdue(jobs, keys, redis)

    assert await sweep(store) == Swept([found(lost)], [], [])


async def test_after_a_silence_of_redis_every_lease_is_renewed_instead(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    lost = await overdue(jobs, keys, redis)
    await redis.decrby(keys.swept, 6_000)

    assert await sweep(store) == Swept([], [], [])

    lease = await redis.zscore(keys.leases, lost.id)
    assert lease is not None
    assert lease > await store.now()
    await redis.zadd(keys.leases, {lost.id: 1})
    assert await sweep(store) == Swept([found(lost)], [], [])


async def test_when_redis_clock_was_put_back_no_lease_lasts_for_longer_than_one(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    lost = await jobs.processing()
    now = await store.now()
    await redis.zadd(keys.leases, {lost.id: now + DAY_MS})
    await redis.set(keys.swept, now + DAY_MS)

    await sweep(store)

    lease = await redis.zscore(keys.leases, lost.id)
    assert lease is not None
    assert lease < now + DAY_MS


@pytest.mark.parametrize("state", ["queued", "processing"])
async def test_a_job_that_nobody_would_deliver_is_found(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, state: str
) -> None:
    stored = await getattr(jobs, state)()
    await redis.delete(keys.queue("portrait"), keys.leases)

    assert await sweep(store) == Swept([], [found(stored)], [])


async def test_an_entry_under_an_old_claim_delivers_nothing(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await redis.delete(keys.queue("portrait"))
    await redis.zadd(keys.queue("portrait"), {f"{stored.id}:1": 1})

    assert await sweep(store) == Swept([], [found(stored)], [])


async def test_a_job_that_has_waited_too_long_is_found(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    await jobs.queued()
    late = await jobs.queued()
    await redis.hincrby(keys.job(late.id), "queued_at", -DAY_MS)  # type: ignore[misc]

    assert await sweep(store, patience_ms=DAY_MS // 2) == Swept([], [], [found(late)])


async def test_a_job_that_redis_has_lost_is_forgotten(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.processing()
    await redis.delete(keys.job(stored.id))

    assert await sweep(store) == Swept([], [], [])

    assert await store.count_active() == 0
    assert await redis.zcard(keys.leases) == 0


async def test_a_key_that_is_no_job_stops_no_sweep(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    broken, lost = await jobs.queued(), await overdue(jobs, keys, redis)
    await redis.set(keys.job(broken.id), "no hash")
    for name in (keys.leases, keys.expiring):
        await redis.zadd(name, {broken.id: 1})
    await redis.zadd(keys.delayed, {f"{broken.id}:1": 1})

    assert await sweep(store) == Swept([found(lost)], [], [])

    for name in (keys.active, keys.leases):
        assert await redis.zrange(name, 0, -1) == [lost.id.encode()]
    assert not await redis.exists(keys.expiring, keys.delayed)


async def test_a_lease_without_a_job_is_forgotten(store: JobStore, keys: Keys, redis: Redis) -> None:
    await redis.zadd(keys.leases, {"0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55": 1})

    assert await sweep(store) == Swept([], [], [])

    assert await redis.zcard(keys.leases) == 0


async def test_the_offset_walks_over_more_jobs_than_a_batch(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    ids = {(await jobs.queued()).id for _ in range(7)}
    await redis.delete(keys.queue("portrait"))

    swept = [(await sweep(store, offset=offset, batch=3)).stray for offset in (0, 3, 6, 9)]

    assert [len(strays) for strays in swept] == [3, 3, 1, 0]
    assert {stray.id for strays in swept for stray in strays} == ids


async def test_a_batch_bounds_what_is_found_overdue(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    for _ in range(4):
        await overdue(jobs, keys, redis)

    assert len((await sweep(store, batch=3)).overdue) == 3
