"""How much is taken in where it counts by the day, where several limits meet, and where many come at once."""

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from storage.errors import QueueFull, QuotaSpent
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.job import Status
from storage.stored import Acceptance, Quota
from tests.support.job_states import JobStates, submission

pytestmark = pytest.mark.timeout(30)

DAY_SECONDS = 86_400


async def spent(redis: Redis, keys: Keys, name: str) -> list[int]:
    """The counters of a quota, one for each day."""
    return [int(await redis.get(key)) async for key in redis.scan_iter(f"{keys.spent(name)}*")]


async def accepted(store: JobStore, quotas: Sequence[Quota]) -> None:
    assert (await store.submit(submission(quotas=quotas)))[0] is Acceptance.ACCEPTED


async def test_who_is_refused_is_told_when_the_next_day_begins(store: JobStore, redis: Redis) -> None:
    await accepted(store, [Quota("ann", 1)])

    with pytest.raises(QuotaSpent, match="ann: used up for today") as refused:
        await store.submit(submission(quotas=[Quota("ann", 1)]))

    seconds, microseconds = await redis.time()
    since_midnight = (seconds + microseconds / 1_000_000 + refused.value.seconds) % DAY_SECONDS
    assert min(since_midnight, DAY_SECONDS - since_midnight) < 30


async def test_the_next_day_begins_anew(store: JobStore, keys: Keys, redis: Redis) -> None:
    await accepted(store, [Quota("ann", 1)])
    (counter,) = [key.decode() async for key in redis.scan_iter(f"{keys.spent('ann')}*")]
    today = (await redis.time())[0] // DAY_SECONDS
    assert counter == f"{keys.spent('ann')}{today}"

    await redis.rename(counter, f"{keys.spent('ann')}{today - 1}")

    await accepted(store, [Quota("ann", 1)])


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_nothing_is_counted_where_one_of_several_is_used_up(
    store: JobStore, keys: Keys, redis: Redis, place: int
) -> None:
    quotas = [Quota("ann", 5), Quota("address", 5), Quota("provider", 5)]
    await accepted(store, quotas)
    quotas[place] = Quota(quotas[place].name, 1)

    with pytest.raises(QuotaSpent) as refused:
        await store.submit(submission(quotas=quotas))

    assert refused.value.name == quotas[place].name
    assert [await spent(redis, keys, quota.name) for quota in quotas] == [[1], [1], [1]]
    assert await store.count_active() == 1


async def test_of_a_hundred_at_once_as_many_are_taken_as_there_may_be(
    store: JobStore, keys: Keys, redis: Redis
) -> None:
    quotas = [Quota("provider", 1_000, takes=5), Quota("ann", 7)]

    answers = await asyncio.gather(
        *(store.submit(submission(quotas=quotas)) for _ in range(100)), return_exceptions=True
    )

    assert sum(isinstance(answer, QuotaSpent) for answer in answers) == 93
    assert await store.count_active() == 7
    assert (await spent(redis, keys, "ann"), await spent(redis, keys, "provider")) == ([7], [35])


async def test_a_job_that_is_asked_for_again_finds_no_room_in_a_full_queue_either(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    canceled = await jobs.canceled()
    await jobs.queued()

    with pytest.raises(QueueFull):
        await store.retry(canceled.id, quotas=[Quota("ann", 1)], most_waiting=1)

    assert (await jobs.get(canceled.id)).record == canceled.record
    assert await spent(redis, keys, "ann") == []
    assert (await store.retry(canceled.id, most_waiting=2)).status is Status.QUEUED


async def test_whom_a_full_queue_refuses_has_spent_nothing_and_holds_no_subject(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    for _ in range(2):
        await jobs.queued()
    before = {key async for key in redis.scan_iter(f"{keys.prefix}*")}

    with pytest.raises(QueueFull, match="too many jobs of the kind portrait wait already"):
        await store.submit(submission(most_waiting=2, quotas=[Quota("ann", 1)], subject="alice"))

    assert {key async for key in redis.scan_iter(f"{keys.prefix}*")} == before
