"""A Redis that is nearly full takes no new job, and lets those go on that are there."""

import asyncio

import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.errors import IdTaken, StoreFull, StoreUnavailable
from storage.jobs import JobStore
from storage.keys import Keys
from storage.memory import Memory
from storage.records.job import Status
from storage.settings import StorageSettings
from storage.stored import Acceptance
from tests.storage.asked import Asked
from tests.support.clock import Clock
from tests.support.job_states import PICTURE, JobStates, done, further, submission

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asked(own_redis: Redis) -> Asked:
    return Asked(PooledCommands(own_redis))


@pytest.fixture
def front(own_redis: Redis, keys: Keys, asked: Asked, clock: Clock) -> JobStore:
    """The store as a server has it."""
    return JobStore(own_redis, keys, StorageSettings(redis_prefix=keys.prefix), memory=Memory(asked, clock))


@pytest.fixture
def worker(own_redis: Redis, keys: Keys) -> JobStore:
    return JobStore(own_redis, keys, StorageSettings(redis_prefix=keys.prefix))


async def fill(redis: Redis, share: float) -> None:
    """So that this share of the memory is used."""
    await redis.config_set("maxmemory", int((await redis.info("memory"))["used_memory"] / share))


async def test_a_new_job_is_refused_with_a_sentence_and_changes_nothing(
    front: JobStore, own_redis: Redis, keys: Keys
) -> None:
    await fill(own_redis, 0.9)

    with pytest.raises(StoreFull, match=r"\d\d % of Redis' memory are used, so that no new job is taken") as full:
        await front.submit(submission(subject="the king"))

    assert isinstance(full.value, StoreUnavailable)
    assert 80 <= full.value.percent <= 100
    assert [key async for key in own_redis.scan_iter(f"{keys.prefix}*")] == []


async def test_below_four_fifths_there_is_room(front: JobStore, own_redis: Redis) -> None:
    await fill(own_redis, 0.7)

    assert (await front.submit(submission()))[0] is Acceptance.ACCEPTED


async def test_without_a_limit_it_is_never_full(front: JobStore, own_redis: Redis) -> None:
    await own_redis.config_set("maxmemory", 0)

    assert (await front.submit(submission()))[0] is Acceptance.ACCEPTED


async def test_what_repeats_a_job_that_is_there_is_answered(front: JobStore, own_redis: Redis, clock: Clock) -> None:
    sent = submission(subject="the king")
    _, record = await front.submit(sent)
    await fill(own_redis, 0.9)
    clock.now += 1

    assert await front.submit(sent) == (Acceptance.KNOWN, record)
    assert await front.submit(submission(subject="the king")) == (Acceptance.SUBJECT, record)
    with pytest.raises(IdTaken):
        await front.submit(submission(id=sent.id, fingerprint="of something else"))
    with pytest.raises(StoreFull):
        await front.submit(submission(subject="the queen"))


async def test_a_subject_whose_job_has_ended_is_new(front: JobStore, own_redis: Redis, clock: Clock) -> None:
    await JobStates(front).succeeded(subject="the king")
    await fill(own_redis, 0.9)
    clock.now += 1

    with pytest.raises(StoreFull):
        await front.submit(submission(subject="the king"))


async def test_jobs_that_are_there_go_on_to_their_end(front: JobStore, worker: JobStore, own_redis: Redis) -> None:
    waiting, lost = await JobStates(worker).queued(), await JobStates(worker).processing()
    failed = await JobStates(worker).failed()
    await fill(own_redis, 0.9)
    with pytest.raises(StoreFull):
        await front.submit(submission())

    run = await JobStates(worker).claimed(waiting)
    advanced = await worker.advance(further(run.job, 0.5), run.claim)
    ended = await worker.advance(done(advanced), run.claim, PICTURE)
    swept = await worker.requeue(lost, lost.job.requeued("its worker died"))
    retried = await front.retry(failed.id)
    promised, _ = await worker.submit(submission())

    assert [job.status for job in (ended, swept, retried)] == [Status.SUCCEEDED, Status.QUEUED, Status.QUEUED]
    assert promised is Acceptance.ACCEPTED


async def test_room_is_noticed_within_a_second(front: JobStore, own_redis: Redis, clock: Clock) -> None:
    await fill(own_redis, 0.9)
    with pytest.raises(StoreFull):
        await front.submit(submission())
    await fill(own_redis, 0.5)

    with pytest.raises(StoreFull):
        await front.submit(submission())
    clock.now += 1

    assert (await front.submit(submission()))[0] is Acceptance.ACCEPTED


async def test_it_is_looked_at_once_a_second_and_only_for_those_who_submit(
    front: JobStore, asked: Asked, clock: Clock
) -> None:
    assert asked.round_trips == []

    await asyncio.gather(*(front.submit(submission()) for _ in range(20)))
    clock.now += 0.9
    await front.submit(submission())
    assert asked.round_trips == [[("INFO", "memory")]]

    clock.now += 10
    await front.count_active()
    assert len(asked.round_trips) == 1
    await front.submit(submission())
    assert len(asked.round_trips) == 2
