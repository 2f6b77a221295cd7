from redis.asyncio import Redis

from storage.durations import KEPT, Durations
from storage.keys import Keys


async def test_the_last_durations_come_newest_first_and_are_no_more_than_are_kept(keys: Keys, redis: Redis) -> None:
    durations = Durations(redis, keys)
    for milliseconds in range(KEPT + 5):
        await durations.add("portrait", "painter", milliseconds)

    assert await durations.recent("portrait", "painter") == list(range(KEPT + 4, 4, -1))


async def test_each_kind_and_provider_has_its_own(keys: Keys, redis: Redis) -> None:
    durations = Durations(redis, keys)
    await durations.add("portrait", "painter", 1)

    assert await durations.recent("portrait", "other") == await durations.recent("video", "painter") == []
