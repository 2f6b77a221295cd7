"""What limits a new job: quotas of the day and the length of its queue. What repeats one is never limited."""

import pytest
from redis.asyncio import Redis

from storage.errors import QueueFull, QuotaSpent
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import new_job_id
from storage.stored import Acceptance, Quota
from tests.support.job_states import JobStates, submission

DAY_SECONDS = 86_400


async def used(redis: Redis, keys: Keys, quota: str) -> int:
    """What all days together have used."""
    names = await redis.keys(f"{keys.spent(quota)}*")
    return sum([int(await redis.get(name) or 0) for name in names])


async def test_jobs_count_against_a_quota_until_it_is_used_up(store: JobStore, redis: Redis, keys: Keys) -> None:
    three = Quota("pictures:ann", 5, 3)
    await store.submit(submission(quotas=[three]))
    with pytest.raises(QuotaSpent) as spent:
        await store.submit(submission(quotas=[three]))
    assert spent.value.name == "pictures:ann"
    assert 0 < spent.value.seconds <= DAY_SECONDS
    await store.submit(submission(quotas=[Quota("pictures:ann", 5, 2)]))
    assert await used(redis, keys, "pictures:ann") == 5
    (name,) = await redis.keys(f"{keys.spent('pictures:ann')}*")
    assert DAY_SECONDS < await redis.ttl(name) <= 2 * DAY_SECONDS


async def test_a_job_that_one_quota_refuses_takes_nothing_from_the_others_and_leaves_nothing(
    store: JobStore, redis: Redis, keys: Keys
) -> None:
    refused = submission(quotas=[Quota("pictures:ann", 5), Quota("budget:painter", 1, 2)])
    with pytest.raises(QuotaSpent) as spent:
        await store.submit(refused)
    assert spent.value.name == "budget:painter"
    assert await used(redis, keys, "pictures:ann") == 0
    assert await store.get(refused.id) is None
    assert await store.count_active() == 0


async def test_what_repeats_a_job_is_answered_though_the_quota_is_used_up_and_the_queue_full(
    store: JobStore, redis: Redis, keys: Keys
) -> None:
    given = submission(quotas=[Quota("pictures:ann", 1)], most_waiting=1, subject="mira")
    await store.submit(given)
    assert (await store.submit(given))[0] is Acceptance.KNOWN
    same = submission(quotas=given.quotas, most_waiting=1, subject="mira")
    assert (await store.submit(same))[0] is Acceptance.SUBJECT
    assert await used(redis, keys, "pictures:ann") == 1


async def test_a_full_queue_takes_no_new_job_of_its_kind_until_one_has_begun(store: JobStore, jobs: JobStates) -> None:
    waiting = await jobs.queued()
    refused = submission(most_waiting=1)
    with pytest.raises(QueueFull) as full:
        await store.submit(refused)
    assert full.value.kind == "portrait"
    assert await store.get(refused.id) is None
    await store.submit(submission(kind="characters", most_waiting=1))
    await jobs.claimed(waiting)
    assert (await store.submit(refused))[0] is Acceptance.ACCEPTED


async def test_a_retry_counts_and_one_that_is_refused_leaves_the_job_as_it_was(
    store: JobStore, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    failed, quota = await jobs.failed(), Quota("pictures:ann", 1)
    await store.retry(failed.id, quotas=[quota])
    await store.cancel(failed.id)
    before = (await jobs.get(failed.id)).record
    with pytest.raises(QuotaSpent):
        await store.retry(failed.id, quotas=[quota])
    assert (await jobs.get(failed.id)).record == before
    assert await used(redis, keys, "pictures:ann") == 1


async def test_what_comes_with_a_running_set_counts_against_nothing(store: JobStore, redis: Redis, prefix: str) -> None:
    await store.submit(submission(id=new_job_id()))
    assert await redis.keys(f"{prefix}spent:*") == []
