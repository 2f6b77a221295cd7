"""A worker is seen while it is there."""

import asyncio
import os
import socket

import pytest
from redis.asyncio import Redis

from jobs.presence import Presence
from jobs.registry import Kind
from storage.commands import PooledCommands
from storage.keys import Keys
from storage.tasks import end
from storage.workers import Place, Worker, Workers
from tests.storage.asked import Asked
from tests.support.listening import eventually
from tests.support.work import finish

KINDS = [Kind("portrait", finish, "painter", 2, 600), Kind("characters", finish, "grammar", 4, 600)]


@pytest.fixture
def workers(redis: Redis, keys: Keys) -> Workers:
    return Workers(PooledCommands(redis), keys)


async def sole(workers: Workers) -> Worker | None:
    return next(iter(await workers.listed()), None)


async def test_a_worker_says_what_it_is_and_how_much_it_does_and_leaves(workers: Workers) -> None:
    held: list[object] = ["a run"]
    serving = asyncio.create_task(Presence(workers, "one", KINDS, held, every=0.01).serve())
    await eventually(lambda: sole(workers))

    seen = await sole(workers)
    assert seen is not None
    assert (seen.name, seen.host, seen.pid, seen.running) == ("one", socket.gethostname(), os.getpid(), 1)
    assert seen.kinds == {
        "portrait": Place(provider="painter", at_once=2),
        "characters": Place(provider="grammar", at_once=4),
    }

    held.clear()

    async def idle() -> bool:
        now = await sole(workers)
        return now is not None and now.running == 0 and now.started == seen.started and now.seen > seen.seen

    await eventually(idle)

    await end(serving)
    assert await sole(workers) is None


async def test_a_worker_that_was_taken_for_lost_is_back_at_its_next_sign(workers: Workers) -> None:
    serving = asyncio.create_task(Presence(workers, "one", KINDS, [], every=0.01).serve())
    await eventually(lambda: sole(workers))
    await workers.remove("one")

    await eventually(lambda: sole(workers))

    await end(serving)


async def test_a_redis_that_refuses_does_not_end_the_worker(redis: Redis, keys: Keys) -> None:
    await redis.set(keys.workers, "this is no hash")
    workers = Workers(asked := Asked(PooledCommands(redis)), keys)
    serving = asyncio.create_task(Presence(workers, "one", KINDS, [], every=0.01).serve())

    async def refused_twice() -> bool:
        return len(asked.round_trips) >= 4

    await eventually(refused_twice)
    await redis.delete(keys.workers)
    await eventually(lambda: sole(workers))
    await redis.set(keys.workers, "this is no hash")

    await end(serving)

    assert serving.cancelled()
