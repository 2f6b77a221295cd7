"""How long a finished job is kept: some time after the last look, and not for ever."""

import pytest
from redis.asyncio import Redis

from storage.errors import IdTaken, JobUnknown
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.encoding import is_gone
from storage.settings import StorageSettings
from storage.stored import Stored
from tests.support.job_states import JobStates, submission
from tests.support.listening import Listener, eventually

pytestmark = pytest.mark.timeout(30)

KEEP_MS = 3_600_000
MINUTE_MS = 60_000


@pytest.fixture
def brief(redis: Redis, keys: Keys, storage_settings: StorageSettings) -> JobStore:
    """A store that keeps what is finished for a fifth of a second."""
    return JobStore(redis, keys, storage_settings.model_copy(update={"keep_seconds": 0.2}))


async def sweep(store: JobStore) -> None:
    swept = await store.sweep(lease_ms=10_000, patience_ms=KEEP_MS, offset=0, batch=100)
    assert swept.overdue == swept.stray == swept.late == []


async def expired(store: JobStore, keys: Keys, redis: Redis) -> Stored:
    """A job that has just expired, and that no sweep has seen."""
    stored = await JobStates(store).succeeded(subject="alice")

    async def has_expired() -> bool:
        return (await JobStates(store).get(stored.id)).expired

    await eventually(has_expired)
    assert await redis.hexists(keys.job(stored.id), "record")  # type: ignore[misc]
    return stored


async def test_an_active_job_is_kept_as_long_as_it_takes(jobs: JobStates, keys: Keys, redis: Redis) -> None:
    for stored in (await jobs.queued(), await jobs.processing()):
        assert stored.keeps is None
        assert await redis.ttl(keys.job(stored.id)) == -1


async def test_a_job_that_has_expired_reads_so_before_any_sweep(brief: JobStore, keys: Keys, redis: Redis) -> None:
    stored = await expired(brief, keys, redis)

    with pytest.raises(JobUnknown, match="no longer kept"):
        _ = (await JobStates(brief).get(stored.id)).job
    with pytest.raises(JobUnknown, match="no longer kept"):
        await brief.submit(submission(id=stored.id))
    with pytest.raises(JobUnknown, match="no longer kept"):
        await brief.retry(stored.id)
    assert await brief.owned("ann", limit=10) == []
    await eventually(lambda: _is_gone(PortraitStore(redis, keys), stored))


async def _is_gone(portraits: PortraitStore, stored: Stored) -> bool:
    return await portraits.text(stored.id) is None


async def test_the_sweep_leaves_a_tombstone_of_what_has_expired(brief: JobStore, keys: Keys, redis: Redis) -> None:
    stored = await expired(brief, keys, redis)

    await sweep(brief)

    assert {key async for key in redis.scan_iter(f"{keys.prefix}*")} == {
        keys.job(stored.id).encode(),
        keys.swept.encode(),
    }
    left = set(await redis.hkeys(keys.job(stored.id)))  # type: ignore[misc]
    assert left == {b"kind", b"owner", b"fingerprint", b"status", b"kept_until"}
    assert 86_000 < await redis.ttl(keys.job(stored.id)) <= 86_400
    assert (await JobStates(brief).get(stored.id)).expired
    with pytest.raises(JobUnknown, match="no longer kept"):
        await brief.submit(submission(id=stored.id))
    with pytest.raises(IdTaken):
        await brief.submit(submission(id=stored.id, fingerprint="of something else"))


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
async def test_nothing_else_is_left_of_what_has_expired(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, state: str
) -> None:
    stored = await getattr(jobs, state)(subject="alice")
    await redis.hset(keys.job(stored.id), "kept_until", "1")  # type: ignore[misc]
    await redis.zadd(keys.expiring, {stored.id: 1})

    await sweep(store)

    left = {key.decode() async for key in redis.scan_iter(f"{keys.prefix}*")}
    assert left == {keys.job(stored.id), keys.swept}


async def test_when_the_tombstone_is_gone_too_the_id_is_free(
    redis: Redis, keys: Keys, storage_settings: StorageSettings
) -> None:
    store = JobStore(redis, keys, storage_settings.model_copy(update={"keep_seconds": 0.05, "tombstone_seconds": 0.05}))
    stored = await expired(store, keys, redis)
    await sweep(store)

    async def is_free() -> bool:
        return await store.get(stored.id) is None

    await eventually(is_free)


async def test_the_sweep_leaves_alone_what_is_still_kept(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.succeeded()

    await sweep(store)

    assert (await jobs.get(stored.id)).record == stored.record


async def keeps(jobs: JobStates, keys: Keys, redis: Redis, stored: Stored) -> tuple[int, int]:
    """How long the job and its picture are kept, in minutes."""
    left = (await jobs.get(stored.id)).keeps
    assert left is not None
    return round(left / MINUTE_MS), round(await redis.pttl(keys.portrait(stored.id)) / MINUTE_MS)


async def aged(keys: Keys, redis: Redis, stored: Stored, by_ms: int) -> None:
    """As if the job had been finished, and last looked at, that long ago."""
    key = keys.job(stored.id)
    await redis.hincrby(key, "finished_at", -by_ms)  # type: ignore[misc]
    until = await redis.hincrby(key, "kept_until", -by_ms)  # type: ignore[misc]
    await redis.zadd(keys.expiring, {stored.id: until})
    await redis.pexpireat(keys.portrait(stored.id), until)


async def test_a_look_gives_a_finished_job_its_whole_time_again(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.succeeded()
    await aged(keys, redis, stored, 50 * MINUTE_MS)
    assert await keeps(jobs, keys, redis, stored) == (10, 10)

    await store.touch([await jobs.get(stored.id)])

    assert await keeps(jobs, keys, redis, stored) == (60, 60)
    assert await redis.zscore(keys.expiring, stored.id) == float(
        await redis.hget(keys.job(stored.id), "kept_until")  # type: ignore[misc]
    )


async def test_looks_do_not_keep_a_job_beyond_its_limit(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.succeeded()
    await redis.hincrby(keys.job(stored.id), "finished_at", -(23 * 60 + 30) * MINUTE_MS)  # type: ignore[misc]
    await redis.hincrby(keys.job(stored.id), "kept_until", -50 * MINUTE_MS)  # type: ignore[misc]

    for _ in range(3):
        await store.touch([await jobs.get(stored.id)])

    assert await keeps(jobs, keys, redis, stored) == (30, 30)


async def test_a_look_at_a_job_that_was_just_looked_at_writes_nothing(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.succeeded()
    before = await redis.dump(keys.job(stored.id))

    await store.touch([await jobs.get(stored.id)])

    assert await redis.dump(keys.job(stored.id)) == before


async def test_a_look_that_comes_too_late_brings_nothing_back(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.succeeded()
    await aged(keys, redis, stored, 50 * MINUTE_MS)
    seen = await jobs.get(stored.id)
    await aged(keys, redis, stored, 20 * MINUTE_MS)

    await store.touch([seen, await jobs.get(stored.id)])

    assert (await jobs.get(stored.id)).expired


async def test_what_is_finished_goes_in_the_end_though_nobody_sweeps(jobs: JobStates, keys: Keys, redis: Redis) -> None:
    for stored in (await jobs.succeeded(), await jobs.failed(), await jobs.canceled()):
        assert 2 * 86_400 - 60 < await redis.ttl(keys.job(stored.id)) <= 2 * 86_400


async def test_looks_count_where_little_is_kept(redis: Redis, keys: Keys, storage_settings: StorageSettings) -> None:
    store = JobStore(redis, keys, storage_settings.model_copy(update={"keep_seconds": 30}))
    stored = await JobStates(store).succeeded()
    await aged(keys, redis, stored, 20_000)

    await store.touch([await JobStates(store).get(stored.id)])

    left = (await JobStates(store).get(stored.id)).keeps
    assert left is not None
    assert left > 20_000


async def test_active_jobs_are_not_touched(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    stored = await jobs.processing()

    await store.touch([stored])

    assert await jobs.get(stored.id) == stored
    assert await redis.zcard(keys.expiring) == 0


async def test_those_who_watch_a_job_that_expires_are_told_to_look_again(
    brief: JobStore, keys: Keys, redis: Redis, redis_url: str
) -> None:
    stored = await expired(brief, keys, redis)
    async with Listener(redis_url) as listener:
        assert await listener.until_told() == "up"
        await listener.subscribe(keys.job(stored.id))
        await sweep(brief)
        message = await listener.message()
    assert is_gone(message)
    assert stored.record is not None
    assert message[:16] > stored.record[:16]
