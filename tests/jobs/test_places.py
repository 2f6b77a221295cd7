import asyncio

import pytest
from redis.asyncio import Redis

from jobs.places import TOLD, Places
from jobs.registry import Kind
from storage.durations import Durations
from storage.jobs import JobStore
from storage.keys import Keys
from storage.providers import Providers
from storage.queues import FEW, Queues
from storage.records.job import Job, milliseconds, timestamp
from storage.stored import Priority
from tests.support.job_states import JobStates
from tests.support.listening import Listener
from tests.support.work import finish

pytestmark = pytest.mark.timeout(30)

PORTRAIT = Kind("portrait", finish, "painter", 1, 600)
TAKES = 10_000
ABOUT = 3_000
"""What the machine may take for a step, and less than what would be wrong."""


@pytest.fixture
def queues(store: JobStore, keys: Keys) -> Queues:
    return Queues(store.commands, keys)


@pytest.fixture
def providers(store: JobStore, keys: Keys) -> Providers:
    return Providers(store.commands, keys)


@pytest.fixture
def places(store: JobStore, queues: Queues, durations: Durations, providers: Providers) -> Places:
    return Places(store, queues, durations, providers, [PORTRAIT])


@pytest.fixture
def known(durations: Durations) -> None:
    """How long portraits take."""
    for _ in range(5):
        durations.note("portrait", "painter", TAKES)


async def tell(places: Places, keys: Keys, redis: Redis) -> None:
    """As if nobody had told them just before."""
    await redis.delete(keys.counted("portrait"))
    await places.tell(PORTRAIT)


async def job(jobs: JobStates, job_id: str) -> Job:
    return (await jobs.get(job_id)).job


async def position(jobs: JobStates, job_id: str) -> int | None:
    return (await job(jobs, job_id)).queue_position


async def expected(jobs: JobStates, job_id: str) -> int:
    at = (await job(jobs, job_id)).expected_at
    assert at is not None
    return milliseconds(at)


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


@pytest.mark.usefixtures("known")
async def test_who_is_pushed_back_beyond_the_first_is_no_longer_told_a_place_that_was_true_before(
    places: Places, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    await jobs.processing()
    waiting = [await jobs.queued(priority=Priority.BATCH, owner=f"owner {number}") for number in range(TOLD)]
    await tell(places, keys, redis)
    hurried = [await jobs.queued(owner=f"another {number}") for number in range(TOLD + 1)]
    await tell(places, keys, redis)

    assert [await position(jobs, stored.id) for stored in hurried] == [*range(1, TOLD + 1), None]
    for stored in waiting:
        pushed = await job(jobs, stored.id)
        assert (pushed.queue_position, pushed.expected_at) == (None, None)


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


async def test_of_many_workers_who_look_at_a_queue_one_is_told_who_waits(queues: Queues, jobs: JobStates) -> None:
    stored = await jobs.queued()

    told = await asyncio.gather(*(queues.waiting("portrait", first=TOLD, every_ms=60_000) for _ in range(10)))

    (waiting,) = [one for one in told if one is not None]
    assert waiting.first == [stored.id]
    other = await queues.waiting("characters", first=TOLD, every_ms=60_000)
    assert other is not None
    assert other.first == []


async def test_telling_a_place_does_not_keep_a_job_from_being_run(
    places: Places, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await tell(places, keys, redis)

    told = await jobs.get(stored.id)
    assert told.claim == stored.claim
    assert (await jobs.claimed(told)).job.queue_position is None


@pytest.mark.usefixtures("known")
async def test_those_who_wait_are_told_when_they_will_be_finished_after_those_before_them(
    places: Places, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    for _ in range(2):
        await jobs.processing()  # of which nobody knows how long they will take: half as long as all do
    waiting = [await jobs.queued() for _ in range(4)]

    now = await store.now()
    await tell(places, keys, redis)

    ends = [await expected(jobs, stored.id) for stored in waiting]
    assert ends[0] - now == pytest.approx(1.5 * TAKES, abs=ABOUT)
    assert [end - ends[0] for end in ends] == [0, 0, TAKES, TAKES]


@pytest.mark.usefixtures("known")
async def test_where_more_run_than_are_asked_for_what_they_still_take_those_who_wait_are_told_all_the_same(
    places: Places, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    for _ in range(FEW + 36):
        await jobs.processing()
    waiting = [await jobs.queued() for _ in range(2)]

    await tell(places, keys, redis)

    first, second = [await expected(jobs, stored.id) for stored in waiting]
    assert second - first == TAKES / (FEW + 36)


@pytest.mark.usefixtures("known")
async def test_what_was_told_stays_while_it_is_nearly_true(
    places: Places, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    running = [await jobs.processing() for _ in range(20)]
    stored = await jobs.queued()
    await tell(places, keys, redis)
    told = await job(jobs, stored.id)
    assert told.expected_at is not None

    await store.cancel(running[0].id)
    await tell(places, keys, redis)
    assert await job(jobs, stored.id) == told

    for one in running[1:]:
        await store.cancel(one.id)
    await tell(places, keys, redis)
    assert await job(jobs, stored.id) == told, "nothing runs just now, which says nothing of later"


@pytest.mark.usefixtures("known")
async def test_while_a_provider_is_paused_a_place_is_told_and_no_end(
    places: Places, providers: Providers, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    await jobs.processing()
    stored = await jobs.queued()
    await tell(places, keys, redis)
    assert (await job(jobs, stored.id)).expected_at is not None

    await providers.pause("painter")
    await tell(places, keys, redis)
    told = await job(jobs, stored.id)
    assert (told.queue_position, told.expected_at) == (1, None)

    await providers.resume("painter")
    await tell(places, keys, redis)
    assert (await job(jobs, stored.id)).expected_at is not None


async def test_while_nothing_is_known_nothing_is_told(
    places: Places, durations: Durations, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await tell(places, keys, redis)
    assert (await job(jobs, stored.id)).expected_at is None

    await jobs.processing()
    await tell(places, keys, redis)
    assert (await job(jobs, stored.id)).expected_at is None, "nobody knows how long they take"

    durations.note("portrait", "painter", TAKES)
    await tell(places, keys, redis)
    assert (await job(jobs, stored.id)).expected_at is not None


async def test_a_job_that_ran_and_waits_for_its_provider_keeps_what_it_was_told_of_its_end(
    places: Places, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    await tell(places, keys, redis)
    held = await jobs.claimed(await jobs.get(stored.id))
    told = timestamp(await store.now() + 60_000)
    await store.requeue(held, held.job.requeued("waiting", counts=False, expected_at=told), delay_ms=60_000)

    await tell(places, keys, redis)

    assert (await job(jobs, stored.id)).expected_at == told
    assert await position(jobs, stored.id) is None
