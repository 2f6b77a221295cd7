import asyncio

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage import durations as module
from storage.commands import PooledCommands
from storage.connect import connect
from storage.durations import KEPT, Durations
from storage.errors import StoreUnavailable
from storage.keys import Keys
from storage.tasks import end
from tests.support.line import line_to

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def durations(redis: Redis, keys: Keys) -> Durations:
    return Durations(PooledCommands(redis), keys)


async def test_the_last_durations_come_newest_first_and_are_no_more_than_are_kept(
    durations: Durations, keys: Keys, redis: Redis
) -> None:
    for milliseconds in range(KEPT + 5):
        durations.note("portrait", "painter", milliseconds)
        if milliseconds % 20 == 0:
            await durations.write()

    assert await durations.recent("portrait", "painter") == list(range(KEPT + 4, 4, -1))
    assert await redis.llen(keys.durations("portrait", "painter")) == KEPT  # type: ignore[misc]


async def test_each_kind_and_provider_has_its_own(durations: Durations) -> None:
    durations.note("portrait", "painter", 1)

    assert await durations.recent("portrait", "other") == await durations.recent("video", "painter") == []
    assert await durations.recent("portrait", "painter") == [1]


async def test_what_one_worker_noted_another_reads_without_its_being_asked(
    durations: Durations, keys: Keys, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITTEN_SECONDS", 0.01)
    serving = asyncio.create_task(durations.serve())
    durations.note("portrait", "painter", 1)
    async with asyncio.timeout(10):
        while not (found := await Durations(PooledCommands(redis), keys).recent("portrait", "painter")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # nothing says when a key comes into being
    await end(serving)

    assert found == [1]


async def test_what_could_not_be_written_is_written_when_redis_is_back_and_once(redis_url: str, keys: Keys) -> None:
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        durations = Durations(PooledCommands(client), keys)
        durations.note("portrait", "painter", 1)
        line.cut()
        with pytest.raises(StoreUnavailable):
            await durations.write()
        durations.note("portrait", "painter", 2)
        line.mend()

        assert await durations.recent("portrait", "painter") == [2, 1]
        assert await durations.recent("portrait", "painter") == [2, 1]
