import asyncio
from collections.abc import AsyncIterator

import pytest

from jobs.abandonment import Abandonment
from jobs.registry import Kind, registry
from jobs.sweeper import LOST
from storage.jobs import JobStore
from storage.stored import StoredWithInput
from storage.tasks import end
from tests.support.job_states import ERROR, LEASE_MS, NOON, JobStates
from tests.support.line import Line
from tests.support.listening import eventually
from tests.support.work import Bench, far, finish

pytestmark = pytest.mark.timeout(30)

HOUR_MS = 3_600_000


class Provider:
    """What it was asked to cancel; it refuses what is not its own."""

    def __init__(self) -> None:
        self.cancelled: list[bytes] = []

    async def __call__(self, task: bytes) -> None:
        self.cancelled.append(task)
        if task == b"refused":
            raise ZeroDivisionError


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def workers(store: JobStore, provider: Provider) -> AsyncIterator[list[Abandonment]]:
    """Those of three workers."""
    kind = Kind("portrait", finish, "far", 1, 600, abandon=provider)
    workers = [Abandonment(store, registry(kind)) for _ in range(3)]
    serving = [asyncio.create_task(each.serve()) for each in workers]
    yield workers
    await end(*serving)


async def waiting(store: JobStore, jobs: JobStates, task: bytes) -> StoredWithInput:
    """A job whose run has noted this, and which waits for its next."""
    stored = await jobs.processing()
    await store.keep_task(stored.id, stored.claim, task, lease_ms=LEASE_MS)
    await store.requeue(stored, stored.job.requeued("the provider is busy", counts=False), delay_ms=HOUR_MS)
    return await jobs.get(stored.id)


async def seen_to(workers: list[Abandonment], provider: Provider, store: JobStore, jobs: JobStates) -> list[bytes]:
    """What was cancelled when all that was told before has been seen to."""
    last = await waiting(store, jobs, b"last")
    await store.cancel(last.id)
    for worker in workers:
        worker.ended(last.id, last.claim)

    async def was_last() -> bool:
        return b"last" in provider.cancelled

    await eventually(was_last)
    return [task for task in provider.cancelled if task != b"last"]


@pytest.mark.parametrize("how", ["canceled", "failed"])
async def test_the_task_of_a_job_that_ends_while_it_waits_is_cancelled_by_one_worker(
    workers: list[Abandonment], provider: Provider, store: JobStore, jobs: JobStates, how: str
) -> None:
    stored = await waiting(store, jobs, b"task 7")
    if how == "canceled":
        await store.cancel(stored.id)
    else:
        await store.end(stored, stored.job.failed(ERROR, NOON, NOON))

    for worker in workers:
        worker.ended(stored.id, stored.claim)

    assert await seen_to(workers, provider, store, jobs) == [b"task 7"]


async def test_the_task_of_a_job_that_is_given_up_after_its_workers_have_died_is_cancelled(
    workers: list[Abandonment], provider: Provider, store: JobStore, jobs: JobStates
) -> None:
    stored = await jobs.processing()
    await store.keep_task(stored.id, stored.claim, b"task 7", lease_ms=LEASE_MS)
    await store.end(stored, stored.job.failed(LOST, NOON, NOON))

    for worker in workers:
        worker.ended(stored.id, stored.claim)

    assert await seen_to(workers, provider, store, jobs) == [b"task 7"]


async def test_what_is_told_while_redis_is_away_is_seen_to_when_it_is_back(
    redis_url: str, bench: Bench, provider: Provider, store: JobStore, jobs: JobStates
) -> None:
    stored = await waiting(store, jobs, b"task 7")
    await store.cancel(stored.id)
    kind = Kind("portrait", finish, "far", 1, 600, abandon=provider)

    async with far(redis_url, bench) as (distant, line):
        worker = Abandonment(distant.store, registry(kind))
        serving = asyncio.create_task(worker.serve())
        line.cut()
        worker.ended(stored.id, stored.claim)
        await eventually(lambda: refused(line))
        line.mend()
        await eventually(lambda: cancelled(provider))
        await end(serving)

    assert provider.cancelled == [b"task 7"]


async def refused(line: Line) -> bool:
    return line.refused > 0


async def cancelled(provider: Provider) -> bool:
    return bool(provider.cancelled)


async def test_the_task_of_a_job_that_runs_or_waits_or_is_asked_for_again_is_left_alone(
    workers: list[Abandonment], provider: Provider, store: JobStore, jobs: JobStates
) -> None:
    running, waits, retried = await jobs.processing(), await waiting(store, jobs, b"of one that waits"), None
    await store.keep_task(running.id, running.claim, b"of one that runs", lease_ms=LEASE_MS)
    await store.cancel(running.id)
    retried = await waiting(store, jobs, b"of one that was asked for again")
    await store.cancel(retried.id)
    await store.retry(retried.id)

    for stored in (running, waits, retried, await jobs.canceled(), await jobs.succeeded()):
        for worker in workers:
            worker.ended(stored.id, stored.claim)

    assert await seen_to(workers, provider, store, jobs) == []


async def test_what_another_run_has_noted_meanwhile_is_not_taken(store: JobStore, jobs: JobStates) -> None:
    stored = await waiting(store, jobs, b"task 7")
    await store.cancel(stored.id)
    found = await jobs.get(stored.id)
    await store.retry(stored.id)
    again = await jobs.claimed(await jobs.get(stored.id))
    await store.keep_task(again.id, again.claim, b"task 8", lease_ms=LEASE_MS)

    assert not await store.take_task(found)

    assert (await jobs.get(stored.id)).task == b"task 8"


async def test_a_provider_that_does_not_cancel_keeps_nobody_from_the_next(
    workers: list[Abandonment], provider: Provider, store: JobStore, jobs: JobStates
) -> None:
    stored = await waiting(store, jobs, b"refused")
    await store.cancel(stored.id)
    workers[0].ended(stored.id, stored.claim)

    assert await seen_to(workers[:1], provider, store, jobs) == [b"refused"]
