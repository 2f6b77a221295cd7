"""What a job is told of its end, from the queue through its runs."""

import pytest

from jobs.errors import NotYet, RateLimited
from jobs.registry import Finished
from jobs.run import Run
from storage.jobs import JobStore
from storage.records.job import Status, milliseconds, timestamp
from tests.support.job_states import JobStates
from tests.support.work import Bench, finish

pytestmark = pytest.mark.timeout(30)

TAKES = 10_000
ABOUT = 3_000
"""What the machine may take for a step, and less than what would be wrong."""


async def test_a_run_that_goes_on_with_what_another_has_begun_is_no_measure_of_how_long_jobs_take(
    bench: Bench, jobs: JobStates
) -> None:
    async def begin(run: Run) -> Finished:
        await run.keep_task(b"a task that the provider works on")
        raise RateLimited(retry_after=0)

    stored = await jobs.queued()
    await bench.working(begin).run(stored.id, stored.claim)
    stored = await jobs.get(stored.id)
    await bench.working(finish).run(stored.id, stored.claim)
    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED
    assert await bench.durations.recent("portrait", "painter") == []

    whole = await jobs.queued()
    await bench.working(finish).run(whole.id, whole.claim)
    assert len(await bench.durations.recent("portrait", "painter")) == 1


async def test_a_job_that_waits_for_its_provider_says_so_and_is_expected_after_that(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    async def wait(run: Run) -> Finished:
        raise RateLimited(retry_after=60)

    bench.durations.note("portrait", "painter", TAKES)
    stored = await jobs.queued()
    now = await store.now()
    await bench.working(wait).run(stored.id, stored.claim)

    job = (await jobs.get(stored.id)).job
    assert job.status is Status.QUEUED
    assert job.stage == "the provider is busy; waiting"
    assert job.expected_at is not None
    assert milliseconds(job.expected_at) - now == pytest.approx(60_000 + TAKES, abs=ABOUT)


async def test_a_job_that_waits_for_another_is_expected_after_that_one_and_not_after_the_next_look_at_it(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    left: float | None = 60.0

    async def wait(run: Run) -> Finished:
        raise NotYet("waiting for its portrait", 0.5, left)

    bench.durations.note("portrait", "painter", TAKES)
    stored = await jobs.queued()
    now = await store.now()
    await bench.working(wait).run(stored.id, stored.claim)
    stored = await jobs.get(stored.id)
    assert stored.job.expected_at is not None
    assert milliseconds(stored.job.expected_at) - now == pytest.approx(60_000 + TAKES, abs=ABOUT)

    left = None
    await bench.working(wait).run(stored.id, stored.claim)
    assert (await jobs.get(stored.id)).job.expected_at is None


@pytest.mark.parametrize(("off", "kept"), [(30_000, True), (-30_000, True), (300_000, False)])
async def test_what_was_told_while_a_job_waited_stays_when_it_begins_if_it_is_nearly_true(
    bench: Bench, store: JobStore, jobs: JobStates, off: int, kept: bool
) -> None:
    seen = []

    async def look(run: Run) -> Finished:
        seen.append(run.job.expected_at)
        return await finish(run)

    bench.durations.note("portrait", "painter", 600_000)
    stored = await jobs.queued()
    told = timestamp(await store.now() + 600_000 + off)
    await store.place(stored, stored.job.placed(1, told))
    stored = await jobs.get(stored.id)
    await bench.working(look).run(stored.id, stored.claim)

    assert (seen == [told]) is kept


async def test_what_a_provider_says_of_its_end_is_told_to_those_who_wait(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    told = []

    async def ask(run: Run) -> Finished:
        now = await store.now()
        await run.report(0.0, "in the provider's queue", left=30)
        at = run.job.expected_at
        assert at is not None
        told.append(milliseconds(at) - now)
        return await finish(run)

    bench.durations.note("portrait", "painter", TAKES)
    stored = await jobs.queued()
    await bench.working(ask).run(stored.id, stored.claim)

    assert told == [pytest.approx(30_000, abs=ABOUT)]
