"""What is measured, and what stands beside it: each with its own way to submit and its own worker."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.constants import default_queue_name, in_progress_key_prefix
from pydantic import SecretStr

from bench.jobs.stage import Process, Stage, process
from bench.jobs.worker import PROVIDER
from bench.processes import NO_LIMIT, NotMeasured
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.line import Line
from storage.records.ids import JobId, new_job_id
from storage.records.job import timestamp
from storage.settings import StorageSettings
from storage.stored import Submission
from storage.tasks import end

OWNERS = 50
BATCH = 500
LEASE_MS = 10_000
RENEWALS = 100
"""Parts in which the leases elsewhere are renewed, as many workers would: one after the other, all of them in 3 s."""
RENEWED_SECONDS = 3.0
LONG_SECONDS = 3_600


class Side(Protocol):
    name: str

    async def submit(self, kind: str, seconds: float | None = None) -> str:
        """Answers the job's id. With `seconds` that is what it takes."""

    async def left(self) -> int:
        """How many of those submitted have not ended."""

    def elsewhere(self, count: int) -> AbstractAsyncContextManager[None]:
        """So many jobs are run by another worker meanwhile."""

    def worker(self, at_once: int, **options: Any) -> AbstractAsyncContextManager[Process]:
        """One that is up, on the core of its own; with options that only this side knows."""


async def submit_many(side: Side, kind: str, count: int, seconds: float | None = None) -> list[str]:
    """Answers their ids."""
    ids: list[str] = []
    while len(ids) < count:
        ids += await asyncio.gather(*(side.submit(kind, seconds) for _ in range(min(BATCH, count - len(ids)))))
    return ids


async def until_done(side: Side, seconds: float) -> None:
    """Raises NotMeasured if not all have ended by then."""
    try:
        async with asyncio.timeout(seconds):
            while await side.left():  # noqa: ASYNC110 - nothing says when a queue is empty
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise NotMeasured(f"{side.name}: {await side.left()} jobs have not ended in {seconds:.0f} s.") from None


class Limner:
    name = "Limner"

    def __init__(self, stage: Stage, store: JobStore) -> None:
        self.store = store
        self._stage = stage
        self._submitted = 0
        self._elsewhere = 0

    async def submit(self, kind: str, seconds: float | None = None) -> str:
        self._submitted += 1
        id_ = new_job_id()
        owner = f"owner {self._submitted % OWNERS}"
        given = b"{}" if seconds is None else str(seconds).encode()
        await self.store.submit(Submission(id_, kind, owner, given, fingerprint="bench", provider=PROVIDER))
        return id_

    async def left(self) -> int:
        return await self.store.count_active() - self._elsewhere

    @asynccontextmanager
    async def elsewhere(self, count: int) -> AsyncIterator[None]:
        ids = [JobId(id_) for id_ in await submit_many(self, "stamp", count)]
        held: list[tuple[JobId, bytes]] = []
        for start in range(0, count, BATCH):
            found = [one for one in await self.store.get_many(ids[start : start + BATCH]) if one is not None]
            now = timestamp(await self.store.now())
            begun = [(one, one.job.claimed(now, provider=PROVIDER, expected_at=None)) for one in found]
            await self.store.claim(begun, lease_ms=LEASE_MS, worker="elsewhere")
            held += [(one.id, one.claim) for one in found]
        self._elsewhere = count
        renewing = asyncio.create_task(self._renew(held))
        try:
            yield
        finally:
            await end(renewing)

    async def _renew(self, held: list[tuple[JobId, bytes]]) -> None:
        part = -(-len(held) // RENEWALS) or 1
        while True:
            for start in range(0, max(1, len(held)), part):
                await self.store.renew(held[start : start + part], lease_ms=LEASE_MS)
                await asyncio.sleep(RENEWED_SECONDS / RENEWALS)

    @asynccontextmanager
    async def worker(self, at_once: int, *, core: int | None = None, **options: str) -> AsyncIterator[Process]:
        """`options` are settings. Another core is named where something else is measured."""
        async with process(
            "bench.jobs.worker",
            str(at_once),
            core=self._stage.cores.server if core is None else core,
            settings={**settings(self._stage), "LIMNER_OWNER_RUNNING": NO_LIMIT, **options},
        ) as one:
            await one.line()
            yield one


class Bare:
    """arq as it comes, but for the options that are given: its own queue, its own worker, results kept as it does."""

    name = "bare arq"

    def __init__(self, stage: Stage, pool: ArqRedis) -> None:
        self._stage = stage
        self._pool = pool
        self._elsewhere = 0

    async def submit(self, kind: str, seconds: float | None = None) -> str:
        id_ = new_job_id()
        given: tuple[Any, ...] = (id_,) if kind == "stamp" else () if seconds is None else (seconds,)
        await self._pool.enqueue_job(kind, *given, _job_id=id_)
        return id_

    async def left(self) -> int:
        return int(await self._pool.zcard(default_queue_name)) - self._elsewhere

    @asynccontextmanager
    async def elsewhere(self, count: int) -> AsyncIterator[None]:
        ids = [new_job_id() for _ in range(count)]
        for start in range(0, count, BATCH):
            async with self._pool.pipeline(transaction=False) as pipe:
                for id_ in ids[start : start + BATCH]:
                    pipe.set(f"{in_progress_key_prefix}{id_}", b"1", ex=LONG_SECONDS)
                    pipe.zadd(default_queue_name, {id_: 1})
                await pipe.execute()
        self._elsewhere = count
        yield

    @asynccontextmanager
    async def worker(self, at_once: int, **options: Any) -> AsyncIterator[Process]:
        """`options` are arq's."""
        given = json.dumps({"max_jobs": at_once, **options})
        async with process("bench.jobs.bare", self._stage.redis_url, given, core=self._stage.cores.server) as one:
            await one.line()
            yield one


def settings(stage: Stage) -> Mapping[str, str]:
    return {"LIMNER_REDIS_URL": stage.redis_url, "LIMNER_SECRET": "bench"}


@asynccontextmanager
async def limner(stage: Stage) -> AsyncIterator[Limner]:
    """On a Redis that is empty."""
    given = StorageSettings(redis_url=SecretStr(stage.redis_url))
    line = Line(given.redis_url, seconds=given.redis_seconds)
    async with connect(given.redis_url) as redis:
        await redis.flushall()
        try:
            yield Limner(stage, JobStore(redis, Keys(given.redis_prefix), given, commands=line))
        finally:
            await line.aclose()


@asynccontextmanager
async def bare(stage: Stage) -> AsyncIterator[Bare]:
    """On a Redis that is empty."""
    pool = await create_pool(RedisSettings.from_dsn(stage.redis_url))
    try:
        await pool.flushall()
        yield Bare(stage, pool)
    finally:
        await pool.aclose()


LIMNER, BARE = Limner.name, Bare.name
OPEN: Mapping[str, Callable[[Stage], AbstractAsyncContextManager[Side]]] = {LIMNER: limner, BARE: bare}
"""By name: a side that is ready."""
