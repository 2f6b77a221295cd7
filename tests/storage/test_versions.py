from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION, version_of
from storage.records.ids import JobId, new_job_id
from storage.versions import Versions
from tests.support.job_states import JobStates


async def version(store: JobStore, job_id: JobId) -> bytes:
    stored = await store.get(job_id)
    assert stored is not None
    assert stored.record is not None
    return version_of(stored.record)


async def test_they_come_in_the_order_asked_for_and_with_all_their_digits(
    redis: Redis, keys: Keys, store: JobStore, jobs: JobStates
) -> None:
    job_ids = [(await jobs.queued()).id for _ in range(3)]
    expected = [await version(store, job_id) for job_id in job_ids]

    assert await Versions(redis, keys).read(job_ids[::-1]) == expected[::-1]


async def test_a_job_that_is_not_there_or_no_longer_kept_has_none(redis: Redis, keys: Keys, jobs: JobStates) -> None:
    over = (await jobs.queued()).id
    await redis.hset(keys.job(over), "kept_until", "1")  # type: ignore[misc]

    assert await Versions(redis, keys).read([new_job_id(), over]) == [NO_VERSION, NO_VERSION]


async def test_a_key_that_is_no_job_hides_none_of_the_others(
    redis: Redis, keys: Keys, store: JobStore, jobs: JobStates
) -> None:
    job_id, broken = (await jobs.queued()).id, new_job_id()
    await redis.set(keys.job(broken), "no hash")

    assert await Versions(redis, keys).read([broken, job_id]) == [NO_VERSION, await version(store, job_id)]


async def test_of_no_jobs_there_are_none(redis: Redis, keys: Keys) -> None:
    assert await Versions(redis, keys).read([]) == []


async def test_reading_them_changes_nothing(redis: Redis, keys: Keys, jobs: JobStates) -> None:
    job_id = (await jobs.queued()).id
    before = await redis.dump(keys.job(job_id))

    await Versions(redis, keys).read([job_id])

    assert await redis.dump(keys.job(job_id)) == before
