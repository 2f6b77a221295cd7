"""Many paid portraits by several workers that are killed all the while, also between an answer and its note.

async with trial(150, store, environment) as play:
    await play.until_all_have_ended(60)
    await play.outcomes()
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from storage.jobs import JobStore
from storage.records.ids import JobId, new_job_id
from storage.records.inputs import PORTRAIT, PortraitInput
from storage.records.job import Job, Status
from storage.stored import Submission
from storage.tasks import end
from tests.support.limner import Worker
from tests.support.replicate_server import TOKEN, Fate, ReplicateServer, Submit

WORKERS = 3
LOOK_SECONDS = 0.1
BETWEEN_KILLS = (100, 300)
"""Requests to the provider, so that a slow machine gets as far between two kills as a fast one."""
FATES: tuple[tuple[int, Fate], ...] = (
    (2, Fate(submit=Submit.HELD)),
    (2, Fate(submit=Submit.HELD, listed=False)),
    (3, Fate(submit=Submit.CUT)),
    (2, Fate(submit=Submit.CUT, listed=False)),
    (2, Fate(submit=Submit.BROKEN, listed=False)),
    (2, Fate(submit=Submit.GARBAGE)),
    (2, Fate(submit=Submit.LOST)),
    (6, Fate(throttled=1)),
    (6, Fate(faults=4)),
    (2, Fate(end="failed", error="CUDA out of memory")),
    (2, Fate(end="failed", error="NSFW content detected")),
)
"""So many of a hundred have a fate of their own."""


@dataclass(frozen=True)
class Outcome:
    fate: Fate
    job: Job
    submissions: int
    """Predictions that were made of it."""
    posts: int
    """Submissions that were not refused."""


@dataclass
class Play:
    """A trial that goes on. Jobs are numbered, and a job's number is the seed of its portrait."""

    store: JobStore
    server: ReplicateServer
    workers: list[Worker]
    jobs: Mapping[int, JobId]
    chance: random.Random
    kills: int = 0
    between: set[int] = field(default_factory=set)
    """Jobs whose worker was killed between the provider's answer and its note."""

    async def until_all_have_ended(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not all(job.final for job in await self._records()):  # noqa: ASYNC110 - all that matters is the end
                await asyncio.sleep(LOOK_SECONDS)

    async def outcomes(self) -> list[Outcome]:
        posts = [request.json["input"]["seed"] for request in self.server.posts()]
        return [
            Outcome(fate, job, self.server.submissions[seed], posts.count(seed) - fate.throttled)
            for seed, job in zip(self.jobs, await self._records(), strict=True)
            for fate in [self.server.fates[seed]]
        ]

    async def kill_between(self) -> None:
        """Kill whoever waits for an answer that is held back, which will now reach nobody."""
        while True:
            seed = await self.server.held.get()
            self.between.add(seed)
            await self._kill_worker_of(self.jobs[seed])

    async def kill_at_random(self) -> None:
        while True:
            for _ in range(self.chance.randint(*BETWEEN_KILLS)):
                await self.server.asked.acquire()
            running = [job for job in await self._records() if job.status is Status.PROCESSING]
            if running:
                await self._kill_worker_of(JobId(self.chance.choice(running).id))

    async def _kill_worker_of(self, job_id: JobId) -> None:
        name = await self.store.worker_of(job_id) or ""
        for worker in self.workers:
            if f":{worker.pid}:" in name:
                worker.kill()
                worker.start()
                self.kills += 1

    async def _records(self) -> list[Job]:
        found = await self.store.get_many(list(self.jobs.values()))
        assert None not in found
        return [stored.job for stored in found if stored is not None]


@asynccontextmanager
async def trial(count: int, store: JobStore, environment: Mapping[str, str]) -> AsyncIterator[Play]:
    """As many jobs, submitted before the first worker is there; from its entering on they are worked at."""
    chance = random.Random(count)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ReplicateServer(_fates(count, chance)))
        jobs = {seed: new_job_id() for seed in server.fates}
        for seed, job_id in jobs.items():
            await store.submit(_submission(seed, job_id))
        environment = {**environment, **_environment(server)}
        workers = [stack.enter_context(Worker(environment)) for _ in range(WORKERS)]
        play = Play(store, server, workers, jobs, chance)
        killers = [asyncio.create_task(play.kill_between()), asyncio.create_task(play.kill_at_random())]
        stack.push_async_callback(end, *killers)
        yield play
        for killer in killers:
            assert not killer.done(), killer.result()


def _environment(server: ReplicateServer) -> dict[str, str]:
    return {
        "LIMNER_PORTRAIT_PROVIDER": "replicate",
        "LIMNER_REPLICATE_URL": server.url,
        "LIMNER_REPLICATE_TOKEN": TOKEN,
        "LIMNER_PORTRAITS_AT_ONCE": "8",
        "LIMNER_OWNER_RUNNING": "1000",
        "LIMNER_LEASE_SECONDS": "1.5",
        "LIMNER_RENEW_SECONDS": "0.5",
        "LIMNER_SWEEP_SECONDS": "0.2",
    }


def _fates(count: int, chance: random.Random) -> dict[int, Fate]:
    """In any order; those without a fate of their own are answered sooner or later, for a kill to come between."""
    fates = [fate for of_a_hundred, fate in FATES for _ in range(of_a_hundred * count // 100)]
    fates += [Fate(delay=chance.choice((0.0, 0.1, 0.3))) for _ in range(count - len(fates))]
    chance.shuffle(fates)
    return dict(enumerate(fates, 1))


def _submission(seed: int, job_id: JobId) -> Submission:
    wanted = PortraitInput(description="a dwarf", character=None, seed=seed, width=512, height=512)
    return Submission(
        id=job_id,
        kind=PORTRAIT,
        owner=f"owner {seed % 5}",
        input=wanted.model_dump_json(by_alias=True).encode(),
        fingerprint=str(seed),
    )
