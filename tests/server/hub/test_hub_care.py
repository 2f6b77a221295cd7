"""What the hub does by itself, by the clock: keeping what is looked at, and noticing what was lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from server.hub.counters import Counters
from server.hub.hub import Hub
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from tests.server.support.listener import Follower
from tests.server.support.player import Player
from tests.support.listening import eventually


@pytest.fixture
def player(redis: Redis, keys: Keys, store: JobStore) -> Player:
    return Player(store, PortraitStore(redis, keys))


@pytest.fixture
async def hub(store: JobStore, keys: Keys, redis_url: str) -> AsyncIterator[Hub]:
    hub = Hub(store, keys, SecretStr(redis_url), counters=Counters(), touch_seconds=0.05, backstop_seconds=0.05)
    await hub.start()

    async def is_up() -> bool:
        return hub.up

    await eventually(is_up)
    yield hub
    await hub.aclose()


async def test_a_finished_job_that_is_still_watched_is_kept_on(
    hub: Hub, redis: Redis, keys: Keys, store: JobStore, player: Player
) -> None:
    done = await player.finished()
    follower = Follower()
    hub.watch(follower, {JobId(done.id): NO_VERSION})
    await follower.until(done.version)
    await redis.hset(keys.job(done.id), "kept_until", str(await store.now() + 10_000))  # type: ignore[misc]

    async def is_kept_longer() -> bool:
        stored = await store.get(JobId(done.id))
        return stored is not None and stored.keeps is not None and stored.keeps > 20_000

    await eventually(is_kept_longer)


async def test_a_job_that_redis_has_lost_while_it_was_watched_becomes_unknown(
    hub: Hub, redis: Redis, keys: Keys, player: Player
) -> None:
    job_id = await player.running()
    follower = Follower()
    hub.watch(follower, {job_id: NO_VERSION})
    await follower.until("subscribed 1")
    await redis.delete(keys.job(job_id))
    await follower.until("unknown")
    assert follower.heard.count("unknown") == 1


async def test_a_change_that_was_never_published_is_found(
    hub: Hub, redis: Redis, keys: Keys, store: JobStore, player: Player
) -> None:
    job_id = await player.running()
    follower = Follower()
    hub.watch(follower, {job_id: NO_VERSION})
    await follower.until("subscribed 1")
    stored = await store.get(job_id)
    assert stored is not None
    assert stored.record is not None
    later = int(stored.record[:16]) + 1
    await redis.hset(keys.job(job_id), "record", b"%d" % later + stored.record[16:])  # type: ignore[misc, arg-type]
    await follower.until(later)
    await asyncio.sleep(0)
    assert follower.heard.count(later) == 1
