"""The store's reads as a server makes them: over its line."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.keys import Keys
from storage.line import Line
from storage.records.ids import new_job_id
from storage.settings import StorageSettings
from tests.storage.asked import Asked
from tests.support.job_states import JobStates, submission

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
async def asked(own_redis_url: str) -> AsyncIterator[Asked]:
    line = Line(SecretStr(own_redis_url), seconds=20)
    yield Asked(line)
    await line.aclose()


@pytest.fixture
def served(own_redis: Redis, keys: Keys, asked: Asked) -> JobStore:
    return JobStore(own_redis, keys, StorageSettings(redis_prefix=keys.prefix), commands=asked)


@pytest.fixture
def pooled(own_redis: Redis, keys: Keys) -> JobStore:
    return JobStore(own_redis, keys, StorageSettings(redis_prefix=keys.prefix))


async def test_over_the_line_a_job_reads_as_over_the_pool(served: JobStore, pooled: JobStore) -> None:
    states = JobStates(pooled)
    stored = [await state() for state in (states.queued, states.processing, states.succeeded, states.failed)]
    ids = [*(one.id for one in stored), new_job_id()]

    seen = await served.get_many(ids)

    assert [one.record if one is not None else None for one in seen] == [*(one.record for one in stored), None]
    for there, here in zip(await pooled.get_many(ids), seen, strict=True):
        assert (there is None) == (here is None)
        if there is not None and here is not None:
            assert replace(there, keeps=None) == replace(here, keeps=None)
            assert (there.keeps is None) == (here.keeps is None)
    assert [await served.look(one.id) is not None for one in stored] == [True] * 4


async def test_many_are_read_in_one_round_trip(served: JobStore, pooled: JobStore, asked: Asked) -> None:
    ids = [(await JobStates(pooled).queued()).id for _ in range(50)]

    await served.get_many(ids)

    assert len(asked.round_trips) == 1


async def test_those_who_watch_do_not_fetch_what_the_worker_is_given(
    served: JobStore, pooled: JobStore, own_redis: Redis
) -> None:
    sent = submission(input=b"x" * 1_000_000)
    await pooled.submit(sent)

    async def sent_out() -> int:
        return int((await own_redis.info("stats"))["total_net_output_bytes"])

    before = await sent_out()
    await served.look(sent.id)
    await served.get_many([sent.id])
    assert await sent_out() - before < 100_000

    whole = await served.get(sent.id)
    assert whole is not None
    assert whole.input == sent.input


async def test_many_are_touched_in_one_round_trip(
    served: JobStore, pooled: JobStore, own_redis: Redis, keys: Keys, asked: Asked
) -> None:
    finished = [(await JobStates(pooled).succeeded()).id for _ in range(20)]
    running = (await JobStates(pooled).processing()).id
    for id_ in finished:
        await own_redis.hincrby(keys.job(id_), "kept_until", -3_000_000)  # type: ignore[misc]
    await own_redis.script_flush()
    seen = [stored for stored in await served.get_many([*finished, running]) if stored is not None]
    asked.round_trips.clear()

    await served.touch(seen)
    taught = len(asked.round_trips)
    await served.touch(seen)

    assert (taught, len(asked.round_trips)) == (2, 3)
    assert all(
        stored is not None and stored.keeps is not None and stored.keeps > 3_500_000
        for stored in await served.get_many(finished)
    )


async def test_a_touch_of_what_needs_none_asks_nothing(served: JobStore, pooled: JobStore, asked: Asked) -> None:
    seen = [await JobStates(pooled).succeeded(), await JobStates(pooled).processing()]
    asked.round_trips.clear()

    await served.touch(seen)
    await served.touch([])

    assert asked.round_trips == []


async def test_without_a_redis_the_line_says_so_too(keys: Keys, own_redis: Redis) -> None:
    line = Line(SecretStr("redis://127.0.0.1:1/0"), seconds=5)
    store = JobStore(own_redis, keys, StorageSettings(redis_prefix=keys.prefix), commands=line)

    with pytest.raises(StoreUnavailable, match="Redis cannot be reached"):
        await store.look(new_job_id())
    await line.aclose()
