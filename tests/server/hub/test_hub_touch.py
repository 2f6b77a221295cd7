import asyncio

from pydantic import SecretStr
from redis.asyncio import Redis

from server.hub.hub import Hub
from server.hub.polling import Waiter
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from tests.server.support.player import Player
from tests.support.listening import eventually


async def test_a_finished_job_that_is_still_watched_is_kept_on(
    redis: Redis, keys: Keys, store: JobStore, redis_url: str
) -> None:
    job_id = JobId((await Player(store, PortraitStore(redis, keys)).finished()).id)
    waiter = Waiter(lambda event: event.final)
    hub = Hub(store, keys, SecretStr(redis_url), touch_seconds=0)
    await hub.start()

    async def is_up() -> bool:
        return hub.up

    try:
        await eventually(is_up)
        hub.watch(waiter, {job_id: NO_VERSION})
        async with asyncio.timeout(30):
            await waiter.found.wait()
        soon = (await store.now()) + 10_000
        await redis.hset(keys.job(job_id), "kept_until", str(soon))  # type: ignore[misc]

        async def is_kept_longer() -> bool:
            stored = await store.get(job_id)
            return stored is not None and stored.keeps is not None and stored.keeps > 20_000

        await eventually(is_kept_longer)
    finally:
        await hub.aclose()
