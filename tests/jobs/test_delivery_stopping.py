import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from jobs.run import Run
from storage.errors import StoreUnavailable
from storage.keys import Keys
from storage.records.job import Status
from storage.tasks import end
from tests.support.delivering import deliverer_of, delivering, until
from tests.support.job_states import JobStates
from tests.support.work import Bench, Gated, entry, far, finish

pytestmark = pytest.mark.timeout(60)

HOUR_MS = 3_600_000
ANSWER_TO_A_CLAIM = b"done"


@pytest.mark.parametrize("recent", [[], [1]], ids=["nobody knows", "a moment"])
async def test_what_will_end_soon_may_end_when_the_worker_stops(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis, recent: list[int]
) -> None:
    for took in recent:
        bench.durations.note("portrait", "painter", took)
    stored, work = await jobs.queued(), Gated()
    deliverer = deliverer_of(redis, keys, bench.working(work))
    serving = asyncio.create_task(deliverer.serve())
    await work.begun.get()
    await end(serving)

    joining = asyncio.create_task(deliverer.join(30))
    await asyncio.sleep(0)
    assert not work.stopped.is_set()
    work.go.set()
    await joining

    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED


async def test_what_takes_longer_than_a_worker_waits_is_handed_back_at_once(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    bench.durations.note("portrait", "painter", HOUR_MS)
    stored, work = await jobs.queued(), Gated()
    deliverer = deliverer_of(redis, keys, bench.working(work))
    serving = asyncio.create_task(deliverer.serve())
    await work.begun.get()
    await end(serving)

    await asyncio.wait_for(deliverer.join(1_800), 20)

    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt) == (Status.QUEUED, 0)


async def test_what_does_not_end_in_time_is_handed_back_and_finished_by_another(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with delivering(redis, keys, bench.working(work)):
        await work.begun.get()

    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt) == (Status.QUEUED, 0)
    async with delivering(redis, keys, bench.working(finish)):
        await until(jobs, stored, Status.SUCCEEDED)
    assert (await jobs.get(stored.id)).job.attempt == 1


async def test_a_worker_that_stops_in_the_moment_of_taking_a_job_hands_it_back(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    deliverer = deliverer_of(redis, keys, bench.working(Gated()))
    await deliverer.start_jobs([entry(stored.id, stored.claim)])
    assert len(deliverer.tasks) == 1

    await asyncio.wait_for(deliverer.join(0), 20)

    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt) == (Status.QUEUED, 0)
    async with delivering(redis, keys, bench.working(finish)):
        await until(jobs, stored, Status.SUCCEEDED)


async def test_a_worker_that_stops_while_a_claim_is_under_way_hands_back_what_it_brings(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, working = await jobs.queued(), bench.working(Gated())
    asked, answer = asyncio.Event(), asyncio.Event()

    async def begin(entries: Sequence[bytes], room: int) -> list[Run]:
        runs = await working.begin(entries, room)
        asked.set()
        await answer.wait()
        return runs

    async with delivering(redis, keys, working, at_once=2, begin=begin) as deliverer:
        await asked.wait()
        assert (await jobs.get(stored.id)).job.status is Status.PROCESSING
        another = await jobs.queued()
        deliverer.wake()
        asyncio.get_running_loop().call_later(0.01, answer.set)

    assert await jobs.get(another.id) == another

    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt) == (Status.QUEUED, 0)


async def test_a_worker_that_stops_before_it_heard_what_it_has_begun_hands_that_back(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.queued()
    async with far(redis_url, bench) as (distant, line):
        deliverer = deliverer_of(redis, keys, distant.working(Gated()))
        line.cut_when_said(ANSWER_TO_A_CLAIM)
        with pytest.raises(StoreUnavailable):
            await deliverer.start_jobs([entry(stored.id, stored.claim)])
        assert (await jobs.get(stored.id)).job.status is Status.PROCESSING

        await deliverer.join(0)

    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt) == (Status.QUEUED, 0)
