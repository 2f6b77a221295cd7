import asyncio

import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.keys import Keys
from storage.tokens import Bucket, TokenBuckets

SLOW = 0.001
"""Tokens in a second: none comes back while a test runs."""


@pytest.fixture
def buckets(redis: Redis, keys: Keys) -> TokenBuckets:
    return TokenBuckets(PooledCommands(redis), keys)


async def empty(buckets: TokenBuckets, bucket: Bucket) -> int:
    """Take all that a bucket has. Answers how many that was."""
    taken = 0
    while await buckets.take([bucket]) is None:
        taken += 1
    return taken


async def age(redis: Redis, name: str, milliseconds: int) -> None:
    """As if so much time had gone by."""
    await redis.hincrbyfloat(name, "at", -milliseconds)  # type: ignore[misc]


async def test_a_bucket_gives_what_it_holds_and_then_says_when_it_has_one_again(buckets: TokenBuckets) -> None:
    ann = Bucket("ann", 3, SLOW)
    assert [await buckets.take([ann]) for _ in range(3)] == [None] * 3
    refusal = await buckets.take([ann])
    assert refusal is not None
    assert refusal.bucket == ann
    assert 900 < refusal.seconds <= 1_000


async def test_who_is_refused_loses_nothing_by_asking(buckets: TokenBuckets, redis: Redis, keys: Keys) -> None:
    ann = Bucket("ann", 1, SLOW)
    assert await empty(buckets, ann) == 1
    for _ in range(5):
        await buckets.take([ann])
    await age(redis, keys.tokens("ann"), 1_000_000)
    assert await empty(buckets, ann) == 1


async def test_tokens_come_back_with_the_time_and_no_more_than_the_bucket_holds(
    buckets: TokenBuckets, redis: Redis, keys: Keys
) -> None:
    ann = Bucket("ann", 3, SLOW)
    await empty(buckets, ann)
    await age(redis, keys.tokens("ann"), 2_000_000)
    assert await empty(buckets, ann) == 2
    await age(redis, keys.tokens("ann"), 90_000_000)
    assert await empty(buckets, ann) == 3


async def test_a_clock_that_runs_back_takes_no_tokens_away(buckets: TokenBuckets, redis: Redis, keys: Keys) -> None:
    ann = Bucket("ann", 3, SLOW)
    await buckets.take([ann])
    await age(redis, keys.tokens("ann"), -3_600_000)
    assert await empty(buckets, ann) == 2


async def test_of_several_buckets_it_is_all_or_none_and_the_one_that_is_last_is_named(buckets: TokenBuckets) -> None:
    ann, place, other = Bucket("ann", 2, SLOW), Bucket("place", 1, SLOW), Bucket("other", 1, SLOW * 2)
    assert await buckets.take([ann, place, other]) is None
    for together in ([ann, place, other], [other, place, ann], [ann, place]):
        refusal = await buckets.take(together)
        assert refusal is not None
        assert refusal.bucket == place
    assert await empty(buckets, ann) == 1


async def test_each_name_has_a_bucket_of_its_own(buckets: TokenBuckets) -> None:
    assert await empty(buckets, Bucket("ann", 1, SLOW)) == 1
    assert await empty(buckets, Bucket("bob", 1, SLOW)) == 1
    assert await buckets.take([]) is None


async def test_all_who_come_at_the_same_moment_get_no_more_than_there_is(buckets: TokenBuckets) -> None:
    answers = await asyncio.gather(*(buckets.take([Bucket("ann", 5, SLOW)]) for _ in range(20)))
    assert answers.count(None) == 5


async def test_a_bucket_that_is_full_again_is_forgotten(buckets: TokenBuckets, redis: Redis, keys: Keys) -> None:
    await buckets.take([Bucket("ann", 60, 1)])
    assert 0 < await redis.pttl(keys.tokens("ann")) <= 61_000
