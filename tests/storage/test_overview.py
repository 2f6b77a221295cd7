"""What waits, runs and has failed, counted and listed."""

from collections.abc import Awaitable
from typing import cast

import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.jobs import JobStore
from storage.keys import Keys
from storage.overview import OverviewReader, Row
from storage.providers import Providers
from storage.records.ids import new_job_id
from storage.records.job import Status
from storage.workers import Place, Worker, Workers
from tests.support.job_states import LEASE_MS, JobStates


@pytest.fixture
def reader(redis: Redis, keys: Keys) -> OverviewReader:
    return OverviewReader(PooledCommands(redis), keys)


@pytest.fixture
def workers(redis: Redis, keys: Keys) -> Workers:
    return Workers(PooledCommands(redis), keys)


def worker(name: str = "a", **providers: str) -> Worker:
    """One that does kinds with these providers."""
    kinds = {kind: Place(provider=provider, at_once=1) for kind, provider in providers.items()}
    return Worker(name=name, host="atelier", pid=7, kinds=kinds)


def counted(row: Row) -> tuple[str, str | None, int, int, int]:
    return row.kind, row.provider, row.waiting, row.running, row.failed


async def test_jobs_are_counted_by_kind_provider_and_status(reader: OverviewReader, jobs: JobStates) -> None:
    for _ in range(2):
        await jobs.queued(provider="painter")
    await jobs.queued(provider="replicate")
    await jobs.processing(provider="painter")
    await jobs.failed(provider="painter")
    await jobs.failed(kind="characters")
    await jobs.succeeded()
    await jobs.canceled()

    overview = await reader.read()

    assert [counted(row) for row in overview.rows] == [
        ("characters", "painter", 0, 0, 1),
        ("portrait", "painter", 2, 1, 1),
        ("portrait", "replicate", 1, 0, 0),
    ]
    assert overview.providers == ["painter", "replicate"]
    assert [row.ids for row in overview.rows if any(row.ids.values())] == []


async def test_nothing_at_all_has_no_rows(reader: OverviewReader) -> None:
    overview = await reader.read(first=10)

    assert (overview.rows, overview.workers, overview.delayed, overview.paused) == ([], [], 0, frozenset())


async def test_what_a_worker_does_has_a_row_also_where_nothing_waits(
    reader: OverviewReader, workers: Workers, redis: Redis, keys: Keys
) -> None:
    noted = await workers.note(worker(portrait="painter", characters="grammar"))
    await Providers(PooledCommands(redis), keys).pause("painter")

    overview = await reader.read()

    assert [counted(row) for row in overview.rows] == [
        ("characters", "grammar", 0, 0, 0),
        ("portrait", "painter", 0, 0, 0),
    ]
    assert overview.workers == [noted]
    assert overview.paused == {"painter"}


async def test_a_job_that_names_no_provider_is_that_of_the_only_one_there_is(
    reader: OverviewReader, workers: Workers, jobs: JobStates
) -> None:
    await jobs.queued()
    assert [counted(row) for row in (await reader.read()).rows] == [("portrait", None, 1, 0, 0)]

    await workers.note(worker(portrait="painter"))
    assert [counted(row) for row in (await reader.read()).rows] == [("portrait", "painter", 1, 0, 0)]

    await workers.note(worker("b", portrait="replicate"))
    assert [counted(row) for row in (await reader.read()).rows] == [
        ("portrait", None, 1, 0, 0),
        ("portrait", "painter", 0, 0, 0),
        ("portrait", "replicate", 0, 0, 0),
    ]


async def test_a_row_says_since_when_the_one_waits_that_has_waited_longest(
    reader: OverviewReader, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    for queued_at in ("3000", "1000", "2000"):
        stored = await jobs.queued()
        await cast(Awaitable[int], redis.hset(keys.job(stored.id), "queued_at", queued_at))
    running = await jobs.processing()
    await cast(Awaitable[int], redis.hset(keys.job(running.id), "queued_at", "1"))

    (row,) = [row for row in (await reader.read()).rows if row.waiting]

    assert row.waits_since == 1000


async def test_all_are_counted_however_many_and_the_first_of_each_status_are_named(
    reader: OverviewReader, jobs: JobStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.overview.SLICE", 3)
    waiting = [(await jobs.queued(provider="painter")).id for _ in range(6)]
    failed = [(await jobs.failed(provider="painter")).id for _ in range(4)]

    (row,) = (await reader.read(first=4)).rows

    assert (row.waiting, row.running, row.failed) == (6, 0, 4)
    assert row.ids[Status.QUEUED] == waiting[:4]
    assert sorted(row.ids[Status.FAILED]) == sorted(failed)


async def test_of_those_that_failed_the_last_are_named(
    reader: OverviewReader, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    failed = [(await jobs.failed()).id for _ in range(3)]
    await redis.zadd(keys.failed, {failed[1]: 9_999_999_999_999})

    (row,) = (await reader.read(first=1)).rows

    assert row.ids == {Status.FAILED: [failed[1]]}


async def test_a_job_that_waits_for_a_time_waits(reader: OverviewReader, jobs: JobStates, store: JobStore) -> None:
    stored = await jobs.processing()
    await store.requeue(stored, stored.job.requeued("the provider is away"), delay_ms=600_000)

    overview = await reader.read()

    assert overview.delayed == 1
    assert [(row.waiting, row.running) for row in overview.rows] == [(1, 0)]


async def test_a_job_is_listed_with_who_runs_it_and_for_how_long(
    reader: OverviewReader, jobs: JobStates, redis: Redis
) -> None:
    running, waiting = await jobs.processing(), await jobs.queued()
    seconds, _ = await redis.time()

    first, second = await reader.jobs([running.id, waiting.id])

    assert (first.job, first.owner, first.worker) == (running.job, "ann", "a worker")
    assert first.lease_until is not None
    assert abs(first.lease_until - LEASE_MS - seconds * 1000) < 60_000
    assert (second.job, second.worker, second.lease_until) == (waiting.job, None, None)
    assert second.queued_at is not None
    assert abs(second.queued_at - seconds * 1000) < 60_000


async def test_a_job_that_is_no_longer_kept_is_not_listed(
    reader: OverviewReader, jobs: JobStates, store: JobStore
) -> None:
    gone, kept = await jobs.failed(), await jobs.failed()
    await store.remove(gone.id)

    listed = await reader.jobs([gone.id, new_job_id(), kept.id])

    assert [each.job.id for each in listed] == [kept.id]
    assert await reader.jobs([]) == []
