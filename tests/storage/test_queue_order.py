"""In which order jobs wait: owners take turns, and those who look come before what is done when there is time."""

import pytest
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.queueing import FARTHEST_MS
from storage.settings import StorageSettings
from storage.stored import Priority, Stored
from tests.support.job_states import JobStates, submission

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def order(keys: Keys, redis: Redis) -> "Order":
    return Order(keys, redis)


class Order:
    def __init__(self, keys: Keys, redis: Redis) -> None:
        self._queue = keys.queue("portrait")
        self._redis = redis

    async def __call__(self) -> list[str]:
        """The ids of those who wait for a portrait, the next before."""
        return [entry.decode().rpartition(":")[0] for entry in await self._redis.zrange(self._queue, 0, -1)]

    async def score(self, stored: Stored) -> float:
        score = await self._redis.zscore(self._queue, f"{stored.id}:{stored.claim.decode()}")
        assert score is not None
        return float(score)


async def several(jobs: JobStates, owner: str, count: int) -> list[str]:
    return [(await jobs.queued(owner=owner)).id for _ in range(count)]


async def test_a_batch_of_one_owner_does_not_stand_in_front_of_anothers_single_job(
    jobs: JobStates, order: Order
) -> None:
    batch = await several(jobs, "ann", 23)
    (single,) = await several(jobs, "bob", 1)

    assert await order() == [batch[0], single, *batch[1:]]


async def test_owners_take_turns(jobs: JobStates, order: Order) -> None:
    anns, bobs = await several(jobs, "ann", 3), await several(jobs, "bob", 3)

    assert await order() == [anns[0], bobs[0], anns[1], bobs[1], anns[2], bobs[2]]


async def test_jobs_of_as_many_owners_wait_in_the_order_in_which_they_came(jobs: JobStates, order: Order) -> None:
    ids = [(await jobs.queued(owner=f"owner {number}")).id for number in range(30)]

    assert await order() == ids


async def test_what_runs_counts_as_well_and_what_has_ended_does_not(jobs: JobStates, order: Order) -> None:
    await jobs.processing(owner="ann")
    await jobs.succeeded(owner="bob")
    await jobs.canceled(owner="bob")
    anns, bobs = await several(jobs, "ann", 1), await several(jobs, "bob", 1)

    assert await order() == bobs + anns


async def test_jobs_of_another_kind_do_not_count(jobs: JobStates, order: Order) -> None:
    for _ in range(3):
        await jobs.queued(owner="ann", kind="video")
    anns, bobs = await several(jobs, "ann", 1), await several(jobs, "bob", 1)

    assert await order() == anns + bobs


async def test_nobody_steps_back_without_end(
    redis: Redis, keys: Keys, storage_settings: StorageSettings, order: Order
) -> None:
    apart = storage_settings.model_copy(update={"spacing_seconds": 7 * 86_400.0})
    jobs = JobStates(JobStore(redis, keys, apart))
    first, *further = [await jobs.queued() for _ in range(4)]

    for stored in further:
        assert FARTHEST_MS <= await order.score(stored) - await order.score(first) < FARTHEST_MS + 60_000


async def test_a_job_of_a_batch_waits_for_those_somebody_looks_at(
    store: JobStore, jobs: JobStates, order: Order
) -> None:
    batch, looked_at = submission(owner="ann", priority=Priority.BATCH), submission(owner="bob")
    await store.submit(batch)
    await store.submit(looked_at)

    assert await order() == [looked_at.id, batch.id]


async def test_a_run_that_ended_without_an_end_has_the_place_it_had(
    store: JobStore, jobs: JobStates, order: Order
) -> None:
    first, second = await jobs.queued(owner="ann"), await jobs.queued(owner="bob")
    held = await jobs.claimed(first)

    await store.requeue(held, held.job.requeued("handed back"))

    assert await order() == [first.id, second.id]


async def test_what_is_tried_again_stands_where_a_new_job_of_its_owner_would(
    store: JobStore, jobs: JobStates, order: Order
) -> None:
    failed = [(await jobs.failed(owner="ann")).id for _ in range(5)]
    for job_id in failed:
        await store.retry(job_id)
    (single,) = await several(jobs, "bob", 1)

    assert await order() == [failed[0], single, *failed[1:]]
