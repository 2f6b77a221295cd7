import asyncio

import pytest
from redis.asyncio import Redis

from jobs.places import TOLD, Places
from storage.jobs import JobStore
from storage.keys import Keys
from tests.support.job_states import JobStates
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def places(store: JobStore) -> Places:
    return Places(store, ["portrait"])


async def tell(places: Places, keys: Keys, redis: Redis) -> None:
    """As if nobody had told them just before."""
    await redis.delete(keys.counted("portrait"))
    await places.tell("portrait")


async def position(jobs: JobStates, job_id: str) -> int | None:
    return (await jobs.get(job_id)).job.queue_position


async def test_those_who_wait_are_told_their_place_and_those_who_run_are_not(
    places: Places, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    running = await jobs.processing()
    waiting = [await jobs.queued() for _ in range(3)]

    await tell(places, keys, redis)

    assert [await position(jobs, stored.id) for stored in waiting] == [1, 2, 3]
    assert await position(jobs, running.id) is None
    await jobs.claimed(await jobs.get(waiting[0].id))
    await tell(places, keys, redis)
    assert [await position(jobs, stored.id) for stored in waiting] == [None, 1, 2]


async def test_only_the_first_are_told(places: Places, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    waiting = [await jobs.queued() for _ in range(TOLD + 2)]

    await tell(places, keys, redis)

    told = [await position(jobs, stored.id) for stored in waiting]
    assert told == [*range(1, TOLD + 1), None, None]


async def test_a_place_that_has_not_changed_is_not_told_again(
    places: Places, jobs: JobStates, keys: Keys, redis: Redis, listener: Listener
) -> None:
    stored = await jobs.queued()
    await listener.subscribe(keys.job(stored.id))

    for _ in range(3):
        await tell(places, keys, redis)

    assert (await listener.job()).queue_position == 1
    await listener.subscribe("a channel whose acknowledgement comes after all messages")
    assert listener.messages.empty()


async def test_of_many_workers_who_look_at_a_queue_one_is_told_who_waits(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.queued()

    told = await asyncio.gather(*(store.waiting("portrait", first=TOLD, every_ms=60_000) for _ in range(10)))

    assert sorted(told) == [*([[]] * 9), [stored.id]]
    assert await store.waiting("characters", first=TOLD, every_ms=60_000) == []


async def test_telling_a_place_does_not_keep_a_job_from_being_run(
    places: Places, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await tell(places, keys, redis)

    told = await jobs.get(stored.id)
    assert told.claim == stored.claim
    assert (await jobs.claimed(told)).job.queue_position is None
