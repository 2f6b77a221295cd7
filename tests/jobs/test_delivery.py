import asyncio
import os
import signal
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.delivery import Deliverer
from jobs.run import Run
from jobs.settings import WorkerSettings
from jobs.sweeper import Sweeper
from storage.commands import PooledCommands
from storage.connect import connect
from storage.durations import Durations
from storage.embedded import running
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import new_job_id
from storage.records.job import Status
from storage.scripts import source
from storage.stored import Most, Priority
from storage.tasks import end
from tests.support.delivering import delivering, until
from tests.support.job_states import JobStates, done
from tests.support.line import line_to
from tests.support.listening import eventually
from tests.support.logged import Logs
from tests.support.processes import Watched
from tests.support.work import Bench, Gated, entry, finish

pytestmark = pytest.mark.timeout(60)

NO_POLLING = 3_600.0
"""Seconds between two looks at the queue: nothing would start unless it was woken."""
HOUR_MS = 3_600_000
ANSWER_TO_A_CLAIM = b"done"


async def until_idle(deliverer: Deliverer) -> None:
    """Until it has looked at the queue after its last job, and rests."""

    async def is_idle() -> bool:
        return not deliverer.tasks

    await eventually(is_idle)


async def test_jobs_that_wait_are_run_in_their_order(bench: Bench, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    waiting = [await jobs.queued() for _ in range(5)]
    work = Gated()
    work.go.set()

    async with delivering(redis, keys, bench.working(work)):
        await until(jobs, waiting[-1], Status.SUCCEEDED)

    assert [work.begun.get_nowait() for _ in range(5)] == [stored.id for stored in waiting]
    assert work.begun.empty()


async def test_no_more_than_allowed_run_at_once_and_no_fewer(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    waiting = [await jobs.queued() for _ in range(8)]
    work = Gated()

    async with delivering(redis, keys, bench.working(work), at_once=3) as deliverer:
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


async def test_many_of_an_owner_who_may_have_no_more_at_once_hide_nobody_behind_them(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    anns = [await jobs.queued(owner="ann") for _ in range(7)]
    bobs = [await jobs.queued(owner="bob", priority=Priority.BATCH) for _ in range(2)]
    work = Gated()

    async with delivering(redis, keys, bench.working(work, most=Most(owner=1)), at_once=3) as deliverer:
        deliverer.queue_read_limit = 2
        assert {await asyncio.wait_for(work.begun.get(), 20) for _ in range(2)} == {anns[0].id, bobs[0].id}


async def test_a_job_starts_at_once_though_nobody_polls(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    async with delivering(redis, keys, bench.working(finish), poll_seconds=NO_POLLING) as deliverer:
        for _ in range(10):
            stored = await jobs.queued()
            await until(jobs, stored, Status.SUCCEEDED)
            await until_idle(deliverer)


async def test_a_slot_that_becomes_free_is_filled_at_once_though_nobody_polls(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    waiting = [await jobs.queued() for _ in range(10)]

    async with delivering(redis, keys, bench.working(finish), poll_seconds=NO_POLLING):
        for stored in waiting:
            await until(jobs, stored, Status.SUCCEEDED)


@pytest.mark.parametrize("most", [Most(kind=1), Most(provider=1), Most(owner=1)], ids=["kind", "provider", "owner"])
@pytest.mark.parametrize("ending", ["ended", "canceled", "handed back"])
async def test_a_place_that_becomes_free_elsewhere_is_taken_at_once_though_nobody_polls(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, most: Most, ending: str
) -> None:
    elsewhere, work = await jobs.processing(), Gated()
    waiting = await jobs.queued()

    async with delivering(redis, keys, bench.working(work, most=most), poll_seconds=NO_POLLING):
        await eventually(lambda: _blocked(keys, redis))
        assert work.begun.empty()
        match ending:
            case "ended":
                await store.advance(done(elsewhere.job), elsewhere.claim)
            case "canceled":
                await store.cancel(elsewhere.id)
            case _:
                await store.requeue(elsewhere, elsewhere.job.requeued("handed back"), delay_ms=HOUR_MS)
        assert await asyncio.wait_for(work.begun.get(), 20) == waiting.id


async def _blocked(keys: Keys, redis: Redis) -> bool:
    return bool(await redis.sismember(keys.blocked, "portrait"))  # type: ignore[misc]


async def test_one_kind_does_not_wait_for_another(bench: Bench, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    work = Gated()
    portrait, characters = await jobs.queued(), await jobs.queued(kind="characters")

    async with (
        delivering(redis, keys, bench.working(work)),
        delivering(redis, keys, bench.working(finish, kind="characters")),
    ):
        await until(jobs, characters, Status.SUCCEEDED)
        await until(jobs, portrait, Status.PROCESSING)


async def test_two_workers_run_each_job_once(bench: Bench, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    work = Gated()
    work.go.set()

    async with delivering(redis, keys, bench.working(work)), delivering(redis, keys, bench.working(work)):
        waiting = [await jobs.queued() for _ in range(20)]
        for stored in waiting:
            await until(jobs, stored, Status.SUCCEEDED)

    begun = [work.begun.get_nowait() for _ in range(work.begun.qsize())]
    assert sorted(begun) == sorted(stored.id for stored in waiting)


async def test_what_runs_is_not_walked_again_however_often_the_queue_is_looked_at(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    running_, waiting, work = [await jobs.queued() for _ in range(3)], await jobs.queued(), Gated()
    working = bench.working(work, most=Most(owner=3))
    looks: asyncio.Queue[list[bytes]] = asyncio.Queue()

    async def begin(entries: Sequence[bytes], room: int) -> list[Run]:
        looks.put_nowait(list(entries))
        return await working.begin(entries, room)

    async with delivering(redis, keys, working, at_once=4, begin=begin):
        for _ in running_:
            await asyncio.wait_for(work.begun.get(), 20)
        assert len(await looks.get()) == 4
        for _ in range(3):
            assert await looks.get() == [entry(waiting.id, waiting.claim)]


async def test_an_entry_that_stands_for_nothing_does_no_harm_and_goes(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    ended, stored = await jobs.succeeded(), await jobs.queued()
    nonsense = [b"", b"nonsense", b":", b"\xff:1", entry(new_job_id(), b"1"), entry(ended.id, ended.claim)]
    await redis.zadd(keys.queue("portrait"), dict.fromkeys([*nonsense, entry(stored.id, b"17")], 1))

    async with delivering(redis, keys, bench.working(finish)):
        await until(jobs, stored, Status.SUCCEEDED)

    assert await redis.zcard(keys.queue("portrait")) == 0
    assert (await jobs.get(ended.id)).record == ended.record


def digest(script: str) -> bytes:
    return sha1(source(script).encode()).hexdigest().encode()


@pytest.mark.parametrize(
    "words",
    [
        [b"ZRANGEBYSCORE"],
        [digest("ready_jobs")],
        [digest("claim_job")],
        [ANSWER_TO_A_CLAIM],
        [ANSWER_TO_A_CLAIM, digest("ready_jobs")],
        [b"PSETEX"],
    ],
    ids=["read", "asked", "claimed", "answered", "answered, asked again", "signed"],
)
async def test_a_line_that_is_cut_in_the_middle_of_taking_a_job_costs_no_slot_and_no_attempt(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys, words: list[bytes]
) -> None:
    work = Gated()
    work.go.set()
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        distant = Bench(JobStore(client, keys, bench.settings), Durations(PooledCommands(client), keys), bench.settings)
        line.cut_when_said(*words)
        stored = await jobs.queued()
        async with delivering(client, keys, distant.working(work)) as deliverer:
            await until(jobs, stored, Status.SUCCEEDED)
            assert line.still_to_be_said == []
            await until_idle(deliverer)
            assert deliverer.job_counter == 0

    assert (await jobs.get(stored.id)).job.attempt == 1
    assert work.begun.qsize() == 1


async def test_whoever_loses_redis_closes_no_connection_that_another_may_just_be_taking(
    keys: Keys, redis_url: str
) -> None:
    failed = asyncio.Semaphore(0)

    async def begin(entries: Sequence[bytes], room: int) -> list[Run]:
        failed.release()
        raise StoreUnavailable("for a test")

    async with connect(SecretStr(redis_url)) as client:
        deliverer = Deliverer(client.connection_pool, keys, "portrait", begin, _nothing, at_once=1)
        deliverer.poll_delay_s = 0.01
        before = await client.client_id()
        serving = asyncio.create_task(deliverer.serve())
        for _ in range(3):
            await asyncio.wait_for(failed.acquire(), 10)
        await end(serving)
        assert await client.client_id() == before


async def _nothing(run: Run) -> None:
    raise AssertionError


async def test_a_restart_of_redis_is_survived_and_told(
    tmp_path: Path, keys: Keys, settings: WorkerSettings, logs: Logs
) -> None:
    with running(tmp_path) as valkey:
        url = valkey.url
        async with connect(SecretStr(url)) as client:
            store = JobStore(client, keys, settings)
            bench = Bench(store, Durations(PooledCommands(client), keys), settings)
            working = bench.working(finish, redis_url=SecretStr(url))
            jobs = JobStates(store)
            async with delivering(client, keys, working):
                await until(jobs, await jobs.queued(), Status.SUCCEEDED)
                watched = Watched((await client.info("server"))["process_id"])
                os.kill(watched.pid, signal.SIGTERM)
                assert watched.has_ended()
                await eventually(lambda: _told(logs, "redis lost"))
                with running(tmp_path):
                    await until(jobs, await jobs.queued(), Status.SUCCEEDED)
                    await eventually(lambda: _told(logs, "redis back"))
                    told = [line["event"] for line in logs if line["event"].startswith("redis")]

    assert told == ["redis lost", "redis back"]


async def _told(logs: Logs, event: str) -> bool:
    return any(line["event"] == event for line in logs)


async def test_a_whole_life_leaves_nothing_without_an_end_nothing_without_the_prefix_and_nothing_of_arqs(
    keys: Keys, settings: WorkerSettings
) -> None:
    settings = settings.model_copy(update={"keep_seconds": 0.05})
    with running() as valkey:
        async with connect(SecretStr(valkey.url)) as client:
            store, durations = JobStore(client, keys, settings), Durations(PooledCommands(client), keys)
            jobs, bench = JobStates(store), Bench(store, durations, settings)
            work = Gated()
            async with delivering(client, keys, bench.working(work, redis_url=SecretStr(valkey.url))):
                first = await jobs.queued(subject="alice")
                await work.begun.get()
                there = {key.decode() async for key in client.scan_iter("*")}
                assert {key for key in there if not key.startswith(keys.prefix) or "arq" in key} == set()
                await store.cancel(first.id)
                await store.retry(first.id)
                work.go.set()
                ended = [first, await jobs.queued(subject="bob"), await jobs.queued()]

                async def have_expired() -> bool:
                    return all([(await jobs.get(stored.id)).expired for stored in ended])

                await eventually(have_expired)
            await durations.write()
            await Sweeper(store, settings).sweep()

            left = {key.decode(): await client.ttl(key) async for key in client.scan_iter("*")}

    assert all(key.startswith(keys.prefix) for key in left)
    assert {key for key, ttl in left.items() if ttl == -1} == {keys.swept, keys.durations("portrait", "painter")}
    assert {key for key, ttl in left.items() if ttl != -1} == {
        *(keys.job(stored.id) for stored in ended),
        keys.queue("portrait") + ":health-check",
    }
