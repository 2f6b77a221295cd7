"""The workers that live, as they are seen."""

from collections.abc import Awaitable
from typing import cast

import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.keys import Keys
from storage.workers import LOST_MS, Place, Worker, Workers


@pytest.fixture
def workers(redis: Redis, keys: Keys) -> Workers:
    return Workers(PooledCommands(redis), keys)


def worker(name: str = "atelier:7:cafe") -> Worker:
    return Worker(name=name, host="atelier", pid=7, kinds={"portrait": Place(provider="painter", at_once=2)}, running=1)


async def put(redis: Redis, keys: Keys, name: str, entry: str) -> None:
    await cast(Awaitable[int], redis.hset(keys.workers, name, entry))


async def noted(redis: Redis, keys: Keys) -> list[bytes]:
    return await cast(Awaitable[list[bytes]], redis.hkeys(keys.workers))


async def age(redis: Redis, keys: Keys, aged: Worker, milliseconds: int) -> None:
    """Have been seen so long ago."""
    earlier = aged.model_copy(update={"seen": aged.seen - milliseconds})
    await put(redis, keys, aged.name, earlier.model_dump_json())


async def test_a_worker_that_was_noted_is_listed_with_what_it_does(workers: Workers, redis: Redis) -> None:
    seconds, _ = await redis.time()

    noted = await workers.note(worker())

    assert await workers.listed() == [noted]
    assert noted.started == noted.seen
    assert abs(noted.seen - seconds * 1000) < 60_000
    assert noted == worker().model_copy(update={"started": noted.started, "seen": noted.seen})


async def test_a_worker_that_is_noted_again_has_started_when_it_did(workers: Workers) -> None:
    first = await workers.note(worker().model_copy(update={"started": 5}))

    again = await workers.note(first)

    assert again.started == 5
    assert again.seen >= first.seen
    assert await workers.listed() == [again]


async def test_workers_are_listed_by_their_names(workers: Workers) -> None:
    for name in ("b", "c", "a"):
        await workers.note(worker(name))

    assert [each.name for each in await workers.listed()] == ["a", "b", "c"]


async def test_a_worker_that_was_not_seen_for_long_is_left_out_and_cleared_away(
    workers: Workers, redis: Redis, keys: Keys
) -> None:
    lives, lost = await workers.note(worker("lives")), await workers.note(worker("lost"))
    await age(redis, keys, lives, LOST_MS // 2)
    await age(redis, keys, lost, LOST_MS + 1_000)

    assert [each.name for each in await workers.listed()] == ["lives"]
    assert await noted(redis, keys) == [b"lives"]


async def test_a_worker_that_was_lost_is_listed_again_once_it_says_so(
    workers: Workers, redis: Redis, keys: Keys
) -> None:
    frozen = await workers.note(worker())
    await age(redis, keys, frozen, 10 * LOST_MS)
    assert await workers.listed() == []

    awake = await workers.note(frozen)

    assert await workers.listed() == [awake]


async def test_a_worker_that_has_ended_is_not_listed(workers: Workers) -> None:
    await workers.note(worker())

    await workers.remove(worker().name)

    assert await workers.listed() == []


@pytest.mark.parametrize("entry", ["{", "{}", '{"name": "x", "pid": "none"}'])
async def test_what_is_no_worker_is_cleared_away_and_hides_nobody(
    workers: Workers, redis: Redis, keys: Keys, entry: str
) -> None:
    await put(redis, keys, "strange", entry)
    lives = await workers.note(worker())

    assert await workers.listed() == [lives]
    assert await noted(redis, keys) == [lives.name.encode()]
