import asyncio
import itertools

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.expectation import Expectation
from jobs.providers.base import PREVIEW_BYTES
from jobs.run import PREVIEWS, Run
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.job import PREVIEW_CHARACTERS, Job
from storage.records.media import Picture
from storage.settings import StorageSettings
from tests.support.clock import Clock
from tests.support.job_states import LEASE_MS, JobStates
from tests.support.line import line_to

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def run_of(store: JobStore, jobs: JobStates, clock: Clock, *, recent: list[int] | None = None) -> Run:
    stored = await jobs.processing()
    return Run(
        store,
        stored,
        stored.job,
        started_ms=await store.now(),
        lease_ms=LEASE_MS,
        expectation=Expectation(recent or []),
        clock=clock,
    )


def preview(number: int, size: int = 4) -> Picture:
    return Picture(number.to_bytes(size, "big"), "image/webp", 60, 60)


async def reported(run: Run, clock: Clock, *, seconds: float, every: float) -> list[tuple[float, Job]]:
    """What was written while the work reported that often, each with the time at which it was."""
    written = []
    for step in range(round(seconds / every) + 1):
        before = run.job
        await run.report(step * every / seconds, "painting", preview(step))
        if run.job is not before:
            written.append((clock.now, run.job))
        clock.now += every
    return written


@pytest.mark.parametrize(("seconds", "every"), [(0.5, 0.01), (5, 0.05), (90, 0.5), (600, 2)])
async def test_previews_are_at_most_twelve_and_a_second_apart_and_go_on_to_the_end(
    store: JobStore, jobs: JobStates, clock: Clock, seconds: float, every: float
) -> None:
    written = await reported(await run_of(store, jobs, clock), clock, seconds=seconds, every=every)

    shown = [next(group) for _, group in itertools.groupby(written, key=lambda at_and_job: at_and_job[1].preview)]
    times = [at for at, _ in shown]
    assert 1 <= len(shown) <= PREVIEWS
    assert all(later - earlier >= 1 - 1e-6 for earlier, later in itertools.pairwise(times))
    if seconds >= 90:
        assert len(shown) >= PREVIEWS - 1
        assert times[-1] - 1_000 > seconds * 0.8


async def test_reports_that_come_too_fast_are_left_out(store: JobStore, jobs: JobStates, clock: Clock) -> None:
    written = await reported(await run_of(store, jobs, clock), clock, seconds=10, every=0.01)

    times = [at for at, _ in written]
    assert all(
        later - earlier >= 0.3 - 1e-6 or job.preview for (earlier, _), (later, job) in itertools.pairwise(written)
    )
    assert 20 < len(times) < 60


async def test_a_preview_that_is_too_large_is_left_out_and_the_largest_fits_the_record(
    store: JobStore, jobs: JobStates, clock: Clock
) -> None:
    run = await run_of(store, jobs, clock)

    await run.report(0.1, "the sky", preview(1, PREVIEW_BYTES + 1))
    assert (run.job.stage, run.job.preview) == ("the sky", None)

    clock.now += 1
    await run.report(0.2, "the face", preview(1, PREVIEW_BYTES))
    assert run.job.preview is not None
    assert run.job.preview.startswith("data:image/webp;base64,")
    assert len(run.job.preview) <= PREVIEW_CHARACTERS


async def test_a_preview_stays_until_the_next(store: JobStore, jobs: JobStates, clock: Clock) -> None:
    run = await run_of(store, jobs, clock)
    await run.report(0.1, None, preview(1))
    shown = run.job.preview

    clock.now += 0.5
    await run.report(0.2, "painting")

    assert run.job.progress == 0.2
    assert run.job.preview == shown


async def test_a_part_of_the_result_is_stored_at_once_and_stays(store: JobStore, jobs: JobStates, clock: Clock) -> None:
    run = await run_of(store, jobs, clock)
    await run.report(0.1)

    await run.publish(0.5, "writing", {"characters": [1]})
    assert (await jobs.get(run.job.id)).job == run.job
    assert run.job.result == {"characters": [1]}

    clock.now += 1
    await run.report(0.6)
    assert run.job.result == {"characters": [1]}


async def test_progress_does_not_fall(store: JobStore, jobs: JobStates, clock: Clock) -> None:
    run = await run_of(store, jobs, clock)
    for progress in (0.5, 0.2, 0.6):
        clock.now += 1
        await run.report(progress)
        assert (await jobs.get(run.job.id)).job.progress == max(0.5, progress)


async def test_when_it_will_be_finished_is_told_with_the_news(store: JobStore, jobs: JobStates, clock: Clock) -> None:
    run = await run_of(store, jobs, clock, recent=[10_000])
    clock.now += 8

    await run.report(0.2)
    expected = run.job.expected_at
    clock.now += 0.5
    await run.report(0.25)

    assert expected is not None
    assert run.job.expected_at == expected


@pytest.mark.parametrize("say", ["report", "publish"])
async def test_the_task_that_works_is_cancelled_when_the_claim_is_anothers(
    store: JobStore, jobs: JobStates, clock: Clock, say: str
) -> None:
    run = await run_of(store, jobs, clock)
    await store.cancel((await jobs.get(run.job.id)).id)
    went_on = False

    async def work() -> None:
        nonlocal went_on
        await (run.report(0.5) if say == "report" else run.publish(0.5, None, {}))
        went_on = True

    task = asyncio.create_task(work())
    await asyncio.wait([task])

    assert task.cancelled()
    assert not went_on
    assert run.fenced


async def test_a_report_does_not_wait_for_redis_and_a_part_of_the_result_does(
    redis_url: str, jobs: JobStates, keys: Keys, storage_settings: StorageSettings, clock: Clock
) -> None:
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        run = await run_of(JobStore(client, keys, storage_settings), jobs, clock)
        before = run.job
        line.cut()

        await run.report(0.5)
        assert run.job == before
        publishing = asyncio.create_task(run.publish(0.6, None, {"characters": [1]}))
        await asyncio.wait([publishing], timeout=0.05)
        assert not publishing.done()
        line.mend()
        await publishing

    assert (await jobs.get(run.job.id)).job.result == {"characters": [1]}


async def test_a_part_of_the_work_that_finds_the_claim_anothers_ends_all_of_it(
    store: JobStore, jobs: JobStates, clock: Clock
) -> None:
    run = await run_of(store, jobs, clock)
    await store.cancel(run.id)

    async def work() -> None:
        reporting = asyncio.create_task(run.report(0.5))
        await asyncio.wait([reporting])
        assert reporting.cancelled()
        await asyncio.Event().wait()

    run.work = task = asyncio.create_task(work())
    await asyncio.wait([task])

    assert task.cancelled()


async def test_what_is_noted_of_the_providers_task_is_there_for_the_next_run(
    store: JobStore, jobs: JobStates, clock: Clock
) -> None:
    run = await run_of(store, jobs, clock)

    await run.keep_task(b"about to submit")
    assert (await jobs.get(run.id)).task == run.task == b"about to submit"
    await run.keep_task(b"task 7")

    lost = await jobs.get(run.id)
    await store.requeue(lost, lost.job.requeued("the worker was lost"))
    assert (await jobs.get(run.id)).task == b"task 7"


async def test_no_step_that_costs_money_begins_without_a_fresh_lease(
    store: JobStore, jobs: JobStates, clock: Clock, keys: Keys, redis: Redis
) -> None:
    run = await run_of(store, jobs, clock)
    await redis.zadd(keys.leases, {run.id: 1})

    await run.keep_task(b"about to submit")

    assert (await redis.zscore(keys.leases, run.id) or 0) > LEASE_MS


async def test_a_step_that_costs_money_is_not_begun_where_the_claim_is_anothers(
    store: JobStore, jobs: JobStates, clock: Clock
) -> None:
    run = await run_of(store, jobs, clock)
    await store.cancel(run.id)
    paid = False

    async def work() -> None:
        nonlocal paid
        await run.keep_task(b"about to submit")
        paid = True

    run.work = task = asyncio.create_task(work())
    await asyncio.wait([task])

    assert task.cancelled()
    assert not paid
    assert (await jobs.get(run.id)).task == b""
