import asyncio

import pytest
from redis.asyncio import Redis

from jobs.expectation import Expectation
from jobs.leases import REMEMBERED, Leases
from jobs.run import Run
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import new_job_id
from storage.stored import StoredWithInput
from storage.tasks import end
from tests.support.job_states import LEASE_MS, JobStates
from tests.support.listening import eventually

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def leases(store: JobStore) -> Leases:
    return Leases(store, lease_ms=2 * LEASE_MS, every=0.01)


async def run_of(store: JobStore, stored: StoredWithInput) -> Run:
    return Run(
        store,
        stored,
        stored.job,
        started_ms=await store.now(),
        lease_ms=LEASE_MS,
        expectation=Expectation([]),
    )


async def test_what_is_held_keeps_its_lease_and_what_was_released_does_not(
    leases: Leases, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    held, released = await jobs.processing(), await jobs.processing()
    before = await redis.zscore(keys.leases, released.id)
    for stored in (held, released):
        leases.hold(await run_of(store, stored))
    leases.release(await run_of(store, released))
    assert len(leases) == 1
    serving = asyncio.create_task(leases.serve())

    async def renewed() -> bool:
        return bool(await redis.zscore(keys.leases, held.id) > before + LEASE_MS / 2)

    await eventually(renewed)
    await end(serving)
    assert await redis.zscore(keys.leases, released.id) == before


async def test_a_run_whose_job_is_anothers_is_fenced_at_the_next_renewal_and_the_others_go_on(
    leases: Leases, store: JobStore, jobs: JobStates
) -> None:
    kept, lost = [await run_of(store, await jobs.processing()) for _ in range(2)]
    for run in (kept, lost):
        leases.hold(run)
    await store.cancel(lost.id)
    serving = asyncio.create_task(leases.serve())

    async def fenced() -> bool:
        return lost.fenced

    await eventually(fenced)
    await end(serving)
    assert not kept.fenced


async def test_a_run_that_was_lost_is_fenced_at_once_and_under_its_claim_only(
    leases: Leases, store: JobStore, jobs: JobStates
) -> None:
    run = await run_of(store, await jobs.processing())
    leases.hold(run)

    leases.lost(new_job_id(), run.claim)
    leases.lost(run.id, b"1763612345678901")
    assert not run.fenced

    leases.lost(run.id, run.claim)
    assert run.fenced


async def test_a_run_that_was_lost_before_anybody_knew_that_it_had_begun_is_fenced_when_it_is_held(
    leases: Leases, store: JobStore, jobs: JobStates
) -> None:
    run = await run_of(store, await jobs.processing())

    leases.lost(run.id, run.claim)
    leases.hold(run)

    assert run.fenced


async def test_of_what_was_lost_elsewhere_only_the_last_is_remembered(
    leases: Leases, store: JobStore, jobs: JobStates
) -> None:
    first, last = [await run_of(store, await jobs.processing()) for _ in range(2)]

    leases.lost(first.id, first.claim)
    for _ in range(REMEMBERED - 1):
        leases.lost(new_job_id(), b"1763612345678901")
    leases.lost(last.id, last.claim)
    for run in (first, last):
        leases.hold(run)

    assert (first.fenced, last.fenced) == (False, True)
