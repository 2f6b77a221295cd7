"""What is looked at is kept."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from server.hub.counters import Counters
from server.hub.hub import Hub, Intervals
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
async def hub(
    redis: Redis, store: JobStore, keys: Keys, redis_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[Hub]:
    intervals = getattr(request, "param", Intervals(touch=0.05))
    hub = Hub(redis, store, keys, SecretStr(redis_url), counters=Counters(), intervals=intervals)
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


@pytest.mark.parametrize("hub", [Intervals(touch=3_600)], indirect=True)
async def test_a_finished_job_that_was_looked_at_once_is_kept_on(
    hub: Hub, redis: Redis, keys: Keys, store: JobStore, player: Player
) -> None:
    done = await player.finished()
    await redis.hset(keys.job(done.id), "kept_until", str(await store.now() + 10_000))  # type: ignore[misc]
    hub.watch(Follower(), {JobId(done.id): NO_VERSION})

    async def is_kept_longer() -> bool:
        stored = await store.get(JobId(done.id))
        return stored is not None and stored.keeps is not None and stored.keeps > 20_000

    await eventually(is_kept_longer)
