import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from jobs.delivery import Deliverer
from jobs.runner import Runner
from jobs.settings import WorkerSettings
from jobs.sweeper import Sweeper
from storage.connect import connect
from storage.durations import Durations
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import JobId
from storage.records.job import Status
from storage.stored import Stored
from tests.support.job_states import JobStates
from tests.support.line import line_to
from tests.support.listening import eventually
from tests.support.processes import Watched
from tests.support.work import Bench, Gated, finish

pytestmark = pytest.mark.timeout(60)

NO_POLLING = 3_600.0
"""Seconds between two looks at the queue: nothing would start unless it was woken."""


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as logs:
        yield logs


@asynccontextmanager
async def delivering(
    client: Redis, keys: Keys, runner: Runner, *, kind: str = "portrait", at_once: int = 1, poll_seconds: float = 0.05
) -> AsyncIterator[Deliverer]:
    deliverer = Deliverer(client.connection_pool, keys, kind, runner.run, at_once=at_once)
    deliverer.poll_delay_s = poll_seconds
    serving = asyncio.create_task(deliverer.serve())
    try:
        yield deliverer
    finally:
        await stop(serving)
        await deliverer.join(0)


async def stop(serving: "asyncio.Task[None]") -> None:
    while not serving.done():
        serving.cancel()
        await asyncio.wait([serving], timeout=0.2)


async def until(jobs: JobStates, stored: Stored, status: Status) -> None:
    async def is_there() -> bool:
        return (await jobs.get(stored.id)).job.status is status

    await eventually(is_there)


async def until_idle(deliverer: Deliverer) -> None:
    """Until it has looked at the queue after its last job, and rests."""

    async def is_idle() -> bool:
        return not deliverer.tasks

    await eventually(is_idle)


async def test_jobs_that_wait_are_run_in_their_order(bench: Bench, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    waiting = [await jobs.queued() for _ in range(5)]
    work = Gated()
    work.go.set()

    async with delivering(redis, keys, bench.runner(work)):
        await until(jobs, waiting[-1], Status.SUCCEEDED)

    assert [work.begun.get_nowait() for _ in range(5)] == [stored.id for stored in waiting]
    assert work.begun.empty()


async def test_no_more_than_allowed_run_at_once_and_no_fewer(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    waiting = [await jobs.queued() for _ in range(8)]
    work = Gated()

    async with delivering(redis, keys, bench.runner(work), at_once=3) as deliverer:
        deliverer.health_check_interval = 0  # it then tells at every look how many it runs
        for _ in range(3):
            await asyncio.wait_for(work.begun.get(), 10)
        await redis.delete(deliverer.health_check_key)
        await eventually(lambda: redis.exists(deliverer.health_check_key))
        assert b"j_ongoing=3 queued=5" in await redis.get(deliverer.health_check_key)
        work.go.set()
        for stored in waiting:
            await until(jobs, stored, Status.SUCCEEDED)

    assert work.most_at_once == 3


async def test_a_job_starts_at_once_though_nobody_polls(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    async with delivering(redis, keys, bench.runner(finish), poll_seconds=NO_POLLING) as deliverer:
        for _ in range(10):
            stored = await jobs.queued()
            await until(jobs, stored, Status.SUCCEEDED)
            await until_idle(deliverer)


async def test_a_slot_that_becomes_free_is_filled_at_once_though_nobody_polls(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    waiting = [await jobs.queued() for _ in range(10)]

    async with delivering(redis, keys, bench.runner(finish), poll_seconds=NO_POLLING):
        for stored in waiting:
            await until(jobs, stored, Status.SUCCEEDED)


async def test_one_kind_does_not_wait_for_another(bench: Bench, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    work = Gated()
    portrait, characters = await jobs.queued(), await jobs.queued(kind="characters")

    async with (
        delivering(redis, keys, bench.runner(work)),
        delivering(redis, keys, bench.runner(finish, kind="characters"), kind="characters"),
    ):
        await until(jobs, characters, Status.SUCCEEDED)
        await until(jobs, portrait, Status.PROCESSING)


async def test_two_workers_run_each_job_once(bench: Bench, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    work = Gated()
    work.go.set()

    async with delivering(redis, keys, bench.runner(work)), delivering(redis, keys, bench.runner(work)):
        waiting = [await jobs.queued() for _ in range(20)]
        for stored in waiting:
            await until(jobs, stored, Status.SUCCEEDED)

    begun = [work.begun.get_nowait() for _ in range(work.begun.qsize())]
    assert sorted(begun) == sorted(stored.id for stored in waiting)


async def test_a_job_whose_worker_died_before_claiming_it_is_delivered_to_another(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    taken = asyncio.Event()

    async def never_claims(job_id: JobId, claim: bytes) -> None:
        taken.set()
        await asyncio.Event().wait()

    stored = await jobs.queued()
    lock = f"{keys.arq_lock_stem}{stored.id}:{stored.claim.decode()}"
    dead = Deliverer(redis.connection_pool, keys, "portrait", never_claims, at_once=1)
    serving = asyncio.create_task(dead.serve())
    await taken.wait()
    assert 0 < await redis.pttl(lock) <= 10_000

    async with delivering(redis, keys, bench.runner(finish)):
        await redis.pexpire(lock, 1)
        await until(jobs, stored, Status.SUCCEEDED)

    await stop(serving)
    await dead.join(0)


async def test_what_was_begun_may_end_when_the_worker_stops(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, work = await jobs.queued(), Gated()
    deliverer = Deliverer(redis.connection_pool, keys, "portrait", bench.runner(work).run, at_once=1)
    serving = asyncio.create_task(deliverer.serve())
    await work.begun.get()
    await stop(serving)

    joining = asyncio.create_task(deliverer.join(30))
    work.go.set()
    await joining

    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED


async def test_what_does_not_end_in_time_is_handed_back_and_finished_by_another(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, work = await jobs.queued(), Gated()
    async with delivering(redis, keys, bench.runner(work)):
        await work.begun.get()

    back = await jobs.get(stored.id)
    assert (back.job.status, back.job.attempt) == (Status.QUEUED, 0)
    async with delivering(redis, keys, bench.runner(finish)):
        await until(jobs, stored, Status.SUCCEEDED)
    assert (await jobs.get(stored.id)).job.attempt == 1


async def test_a_worker_that_stops_in_the_moment_of_taking_a_job_leaves_it_to_another(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, work = await jobs.queued(), Gated()
    deliverer = Deliverer(redis.connection_pool, keys, "portrait", bench.runner(work).run, at_once=1)
    await deliverer.start_jobs([f"{stored.id}:{stored.claim.decode()}".encode()])
    assert len(deliverer.tasks) == 1

    await asyncio.wait_for(deliverer.join(0), 10)

    assert work.begun.empty()
    assert await jobs.get(stored.id) == stored
    async with delivering(redis, keys, bench.runner(finish)):
        await until(jobs, stored, Status.SUCCEEDED)


@pytest.mark.parametrize("words", [[b"WATCH"], [b"EXISTS"], [b"PSETEX"], [b"WATCH", b"EXISTS", b"WATCH", b"INCR"]])
async def test_a_line_that_is_cut_in_the_middle_of_taking_a_job_costs_no_slot(
    redis_url: str,
    bench: Bench,
    jobs: JobStates,
    keys: Keys,
    redis: Redis,
    words: list[bytes],
) -> None:
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        line.cut_when_said(*words)
        stored = await jobs.queued()
        entry = f"{stored.id}:{stored.claim.decode()}"
        async with delivering(client, keys, bench.runner(finish)) as deliverer:

            async def done() -> bool:
                await redis.delete(keys.arq_lock_stem + entry)  # rather than wait ten seconds for it
                return (await jobs.get(stored.id)).job.final

            await eventually(done)
            assert line.still_to_be_said == []
            await until_idle(deliverer)
            assert deliverer.job_counter == 0


async def test_a_restart_of_redis_is_survived_and_told(
    tmp_path: Path, keys: Keys, settings: WorkerSettings, logs: list[MutableMapping[str, Any]]
) -> None:
    with running(tmp_path) as valkey:
        url = valkey.url
        async with connect(SecretStr(url)) as client:
            store = JobStore(client, keys, settings)
            runner = Bench(store, Durations(client, keys), settings).runner(finish)
            jobs = JobStates(store)
            async with delivering(client, keys, runner):
                await until(jobs, await jobs.queued(), Status.SUCCEEDED)
                watched = Watched((await client.info("server"))["process_id"])
                os.kill(watched.pid, signal.SIGTERM)
                assert watched.has_ended()
                await eventually(lambda: _told(logs, "redis lost"))
                with running(tmp_path):
                    await until(jobs, await jobs.queued(), Status.SUCCEEDED)
                    await eventually(lambda: _told(logs, "redis back"))

    assert [line["event"] for line in logs if line["event"].startswith("redis")] == ["redis lost", "redis back"]


async def _told(logs: list[MutableMapping[str, Any]], event: str) -> bool:
    return any(line["event"] == event for line in logs)


async def test_a_whole_life_leaves_nothing_without_an_end_and_nothing_without_the_prefix(
    keys: Keys, settings: WorkerSettings
) -> None:
    settings = settings.model_copy(update={"keep_seconds": 0.05})
    with running() as valkey:
        async with connect(SecretStr(valkey.url)) as client:
            store = JobStore(client, keys, settings)
            jobs, bench = JobStates(store), Bench(store, Durations(client, keys), settings)
            work = Gated()
            async with delivering(client, keys, bench.runner(work)):
                first = await jobs.queued(subject="alice")
                await work.begun.get()
                assert [key async for key in client.scan_iter("*") if not key.startswith(keys.prefix.encode())] == []
                await store.cancel(first.id)
                await store.retry(first.id)
                work.go.set()
                ended = [first, await jobs.queued(subject="bob"), await jobs.queued()]

                async def have_expired() -> bool:
                    return all([(await jobs.get(stored.id)).expired for stored in ended])

                await eventually(have_expired)
            await Sweeper(store, settings).sweep()

            left = {key.decode(): await client.ttl(key) async for key in client.scan_iter("*")}

    assert all(key.startswith(keys.prefix) for key in left)
    assert {key for key, ttl in left.items() if ttl == -1} == {keys.swept, keys.durations("portrait", "painter")}
    assert {key for key, ttl in left.items() if ttl != -1} == {
        *(keys.job(stored.id) for stored in ended),
        keys.queue("portrait") + ":health-check",
    }
