"""What a run has with a provider that is paid, over a real store: it outlives the run."""

import asyncio

import pytest
from pydantic import SecretStr

from jobs.errors import Unavailable
from jobs.portraits import PaintPortrait
from jobs.providers.base import KnownTask
from jobs.providers.http import Http, Pace
from jobs.providers.replicate import Replicate
from jobs.registry import Finished, Function
from jobs.remote_task import RemoteTask, abandoning, noted
from jobs.run import Run
from jobs.settings import WorkerSettings
from storage.jobs import JobStore
from storage.records.inputs import PortraitInput
from storage.records.job import ErrorCode, Status
from storage.stored import StoredWithInput
from tests.support.job_states import JobStates
from tests.support.replicate_server import MODEL, TOKEN, Fate, ReplicateServer, Submit
from tests.support.work import FINISHED, Bench, entry

pytestmark = pytest.mark.timeout(30)

SEED = 7
FAST = Pace(first=0.01, most=0.02)


async def submit(jobs: JobStates) -> StoredWithInput:
    wanted = PortraitInput(description="a dwarf", character=None, seed=SEED)
    return await jobs.queued(input=wanted.model_dump_json(by_alias=True).encode())


def driver() -> Http:
    return Http(SecretStr(TOKEN), base_url="http://127.0.0.1", pace=FAST)


def replicate(http: Http, server: ReplicateServer) -> Replicate:
    return Replicate(http, base_url=server.url, model=MODEL, cancel_after=90, pace=FAST)


def noting(*steps: str, seen: list[KnownTask | None]) -> Function:
    """Work that takes these steps with its task, and says what was known before."""

    async def work(run: Run) -> Finished:
        task = RemoteTask(run, "replicate", clock=lambda: 12.5)
        seen.append(task.known)
        for step in steps:
            await (task.submitted(step) if step not in ("intend", "clear") else getattr(task, step)())
        seen.append(task.known)
        raise Unavailable

    return work


@pytest.mark.parametrize(
    ("steps", "known"),
    [
        (["intend"], KnownTask(provider="replicate", since=12.5)),
        (["intend", "x"], KnownTask(provider="replicate", since=12.5, id="x")),
        (["intend", "clear"], None),
    ],
)
async def test_what_a_run_has_noted_the_next_one_knows(
    bench: Bench, jobs: JobStates, steps: list[str], known: KnownTask | None
) -> None:
    seen: list[KnownTask | None] = []
    stored = await submit(jobs)

    await bench.working(noting(*steps, seen=seen)).run(stored.id, stored.claim)

    assert seen == [None, known]
    assert noted((await jobs.get(stored.id)).task) == known


async def test_what_a_newer_version_has_noted_is_read_as_far_as_it_is_known() -> None:
    assert noted(b'{"provider":"x","since":1,"id":"y","place":"z"}') == KnownTask(provider="x", since=1, id="y")


async def test_where_the_job_is_no_longer_ours_the_run_ends_before_the_money_is_spent(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    stored = await submit(jobs)
    async with ReplicateServer() as server, driver() as http:
        work = PaintPortrait(replicate(http, server), "")

        async def cancelled_first(run: Run) -> Finished:
            await store.cancel(stored.id)
            return await work(run)

        await bench.working(cancelled_first).run(stored.id, stored.claim)

        assert server.posts() == []
    assert (await jobs.get(stored.id)).job.status is Status.CANCELED


async def test_a_job_that_is_canceled_has_its_task_cancelled(
    bench: Bench, store: JobStore, jobs: JobStates, settings: WorkerSettings
) -> None:
    stored = await submit(jobs)
    async with ReplicateServer({SEED: Fate(polls=10**9)}) as server, driver() as http:
        provider = replicate(http, server)
        working = bench.working(PaintPortrait(provider, ""), abandon=abandoning(provider))
        async with working.told(settings.redis_url):
            run = asyncio.create_task(working.run(stored.id, stored.claim))
            await server.polled.wait()
            await store.cancel(stored.id)
            await run

        assert (server.submissions[SEED], server.cancels[SEED]) == (1, 1)


async def test_a_task_that_is_made_while_its_job_is_canceled_is_cancelled_too(
    bench: Bench, store: JobStore, jobs: JobStates, settings: WorkerSettings
) -> None:
    """Its id comes too late to be noted in the job, and is known all the same to the one who ends the run."""
    stored = await submit(jobs)
    async with ReplicateServer({SEED: Fate(submit=Submit.HELD, polls=10**9)}) as server, driver() as http:
        provider = replicate(http, server)
        working = bench.working(PaintPortrait(provider, ""), abandon=abandoning(provider))
        run = asyncio.create_task(working.run(stored.id, stored.claim))
        assert await server.held.get() == SEED
        await store.cancel(stored.id)
        server.release.set()
        await run

        assert (server.submissions[SEED], server.cancels[SEED]) == (1, 1)


async def test_a_run_whose_time_is_up_leaves_its_task_to_the_next(
    bench: Bench, store: JobStore, jobs: JobStates
) -> None:
    stored = await submit(jobs)
    async with ReplicateServer({SEED: Fate(polls=10**9)}) as server, driver() as http:
        provider = replicate(http, server)
        work = PaintPortrait(provider, "")
        await bench.working(work, seconds=0.5, abandon=abandoning(provider)).run(stored.id, stored.claim)
        again = await jobs.get(stored.id)
        assert (again.job.status, again.job.stage) == (
            Status.QUEUED,
            "this takes long; still waiting for the provider",
        )
        [prediction] = server.predictions.values()
        prediction.fate = Fate()
        await bench.working(work).run(again.id, again.claim)

        assert (len(server.posts()), server.cancels[SEED]) == (1, 0)
    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED


async def test_a_run_that_is_handed_back_leaves_its_task_to_the_next(bench: Bench, jobs: JobStates) -> None:
    stored = await submit(jobs)
    async with ReplicateServer({SEED: Fate(polls=10**9)}) as server, driver() as http:
        provider = replicate(http, server)
        working = bench.working(PaintPortrait(provider, ""), abandon=abandoning(provider))
        [run] = await working.begin([entry(stored.id, stored.claim)], 1)
        running = asyncio.create_task(working.runner.run(run))
        await server.polled.wait()
        running.cancel()
        await asyncio.wait([running])

        again = await jobs.get(stored.id)
        [prediction] = server.predictions.values()
        prediction.fate = Fate()
        await working.run(again.id, again.claim)
        assert (len(server.posts()), server.cancels[SEED]) == (1, 0)
    job = (await jobs.get(stored.id)).job
    assert (job.status, job.attempt) == (Status.SUCCEEDED, 1)


async def test_a_person_who_asks_again_pays_again(bench: Bench, store: JobStore, jobs: JobStates) -> None:
    stored = await submit(jobs)
    async with ReplicateServer({SEED: Fate(submit=Submit.CUT, listed=False)}) as server, driver() as http:
        working = bench.working(PaintPortrait(replicate(http, server), ""))
        await working.run(stored.id, stored.claim)
        error = (await jobs.get(stored.id)).job.error
        assert error is not None
        assert (error.code, error.retryable) == (ErrorCode.SUBMIT_UNKNOWN, True)

        server.fates.clear()
        await store.retry(stored.id)
        again = await jobs.get(stored.id)
        await working.run(again.id, again.claim)

        assert server.submissions[SEED] == 2
    assert (await jobs.get(stored.id)).job.status is Status.SUCCEEDED


async def test_the_task_of_another_provider_is_not_ours_to_cancel(bench: Bench) -> None:
    async with ReplicateServer() as server, driver() as http:
        abandon = abandoning(replicate(http, server))
        await abandon(KnownTask(provider="another", since=1, id="x").model_dump_json().encode())
        await abandon(b"")

        assert server.seen == []


async def test_a_provider_that_is_not_paid_notes_nothing(bench: Bench, jobs: JobStates) -> None:
    stored = await submit(jobs)

    async def work(run: Run) -> Finished:
        assert RemoteTask(run, "painter").known is None
        return FINISHED

    await bench.working(work).run(stored.id, stored.claim)

    assert (await jobs.get(stored.id)).task == b""
