import asyncio

import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.idempotency import IdempotencyKeys
from storage.keys import Keys
from storage.records.ids import new_job_id


@pytest.fixture
def idempotency(redis: Redis, keys: Keys) -> IdempotencyKeys:
    return IdempotencyKeys(PooledCommands(redis), keys)


async def test_a_key_stands_for_the_first_id_that_was_proposed(idempotency: IdempotencyKeys) -> None:
    first, second = new_job_id(), new_job_id()
    assert await idempotency.job_of("ann", "k", first) == first
    assert await idempotency.job_of("ann", "k", second) == first


async def test_all_who_come_at_the_same_moment_get_the_same_id(idempotency: IdempotencyKeys) -> None:
    assert len(set(await asyncio.gather(*(idempotency.job_of("ann", "k", new_job_id()) for _ in range(20))))) == 1


async def test_another_key_and_another_owner_have_ids_of_their_own(idempotency: IdempotencyKeys) -> None:
    pairs = [("ann", "k"), ("ann", "l"), ("bob", "k"), ("an", "n\nk")]
    assert len({await idempotency.job_of(owner, key, new_job_id()) for owner, key in pairs}) == len(pairs)


async def test_a_key_is_kept_for_a_day_from_its_first_use_and_its_text_is_not(
    idempotency: IdempotencyKeys, redis: Redis, keys: Keys, prefix: str
) -> None:
    await idempotency.job_of("ann", "a secret word", new_job_id())
    (name,) = await redis.keys(f"{prefix}*")
    assert b"secret" not in name
    await redis.expire(name, 100)
    await idempotency.job_of("ann", "a secret word", new_job_id())
    assert await redis.ttl(name) <= 100
    await idempotency.job_of("ann", "another", new_job_id())
    assert 86_300 < await redis.ttl(keys.idempotency("ann", "another")) <= 86_400
