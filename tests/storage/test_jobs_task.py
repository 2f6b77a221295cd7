"""What a run has with its provider, kept for whoever runs the job next."""

import pytest
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.stored import Stored
from tests.support.job_states import LEASE_MS, JobStates

pytestmark = pytest.mark.timeout(30)


async def keep(store: JobStore, held: Stored, task: bytes) -> bool:
    return await store.keep_task(held.id, held.claim, task, lease_ms=LEASE_MS)


async def test_the_next_run_finds_what_was_kept(store: JobStore, jobs: JobStates) -> None:
    held = await jobs.processing()
    assert held.task == b""

    assert await keep(store, held, b"submitting")
    assert (await jobs.get(held.id)).task == b"submitting"
    assert await keep(store, held, b"\x00their id")

    held = await jobs.get(held.id)
    await store.requeue(held, held.job.requeued("the worker was lost"))
    assert (await jobs.claimed(await jobs.get(held.id))).task == b"\x00their id"


async def test_with_nothing_to_keep_there_is_nothing(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    held = await jobs.processing()
    await keep(store, held, b"submitting")

    assert await keep(store, held, b"")

    assert (await jobs.get(held.id)).task == b""
    assert not await redis.hexists(keys.job(held.id), "task")  # type: ignore[misc]


async def test_whoever_keeps_it_has_a_fresh_lease(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    held = await jobs.processing()
    await redis.zadd(keys.leases, {held.id: 1})

    assert await keep(store, held, b"submitting")

    lease = await redis.zscore(keys.leases, held.id)
    assert lease is not None
    assert lease > await store.now() + LEASE_MS / 2


@pytest.mark.parametrize("state", ["queued", "succeeded", "failed", "canceled"])
async def test_of_a_job_that_does_not_run_nothing_is_kept(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, state: str
) -> None:
    stored = await getattr(jobs, state)()

    assert not await keep(store, stored, b"submitting")

    left = await jobs.get(stored.id)
    assert (left.record, left.claim, left.task) == (stored.record, stored.claim, b"")
    assert not await redis.exists(keys.leases)


async def test_under_an_old_claim_what_another_run_keeps_is_not_touched(store: JobStore, jobs: JobStates) -> None:
    old = await jobs.processing()
    await store.requeue(old, old.job.requeued("the worker was lost"))
    held = await jobs.claimed(await jobs.get(old.id))
    await keep(store, held, b"their id")

    assert not await keep(store, old, b"submitting")
    assert not await keep(store, old, b"")

    assert (await jobs.get(old.id)).task == b"their id"


async def test_of_a_removed_job_nothing_is_kept(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    held = await jobs.processing()
    await keep(store, held, b"their id")
    await store.cancel(held.id)

    await store.remove(held.id)

    left = set(await redis.hkeys(keys.job(held.id)))  # type: ignore[misc]
    assert left == {b"kind", b"owner", b"fingerprint", b"status", b"kept_until"}


async def test_what_a_person_tries_again_is_begun_anew(store: JobStore, jobs: JobStates) -> None:
    held = await jobs.processing()
    await keep(store, held, b"their id")
    await store.cancel(held.id)

    await store.retry(held.id)

    assert (await jobs.get(held.id)).task == b""
