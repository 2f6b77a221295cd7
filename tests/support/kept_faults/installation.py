"""What the table of what is kept plays on: a server and two workers over a Valkey, a Postgres and an object store."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from redis.asyncio import Redis

from storage.keys import Keys
from storage.settings import StorageSettings
from tests.support.faults.stage import Valkey
from tests.support.kept_faults.places import Place, bucket_in, folder_at
from tests.support.kept_faults.postgres import Postgres
from tests.support.limner import Process, Server, Worker, free_port
from tests.support.proxy import Proxy, redis_proxy
from tests.support.seaweed import Seaweed

WORKERS = 2
LOOK_SECONDS = 0.02
PAINTING_SECONDS = 1


@dataclass(frozen=True)
class Scale:
    """How large the table is. Seconds where it is a time."""

    worlds: int
    """Of three characters each, where everything breaks together."""
    away: float
    """How long the object store refuses everything."""
    slow: float
    """How long each request to a slow bucket takes: longer than a lease."""
    deadline: float
    """What has not happened by then has failed."""
    environment: Mapping[str, str]


SMALL = Scale(
    worlds=100,
    away=6,
    slow=2.5,
    deadline=40,
    environment={
        "LIMNER_LEASE_SECONDS": "2",
        "LIMNER_RENEW_SECONDS": "0.5",
        "LIMNER_SWEEP_SECONDS": "0.1",
        "LIMNER_MEDIA_SECONDS": "0.1",
        "LIMNER_OBJECTS_RETRY_SECONDS": "1",
        "LIMNER_OBJECTS_SECONDS": "12",
        "LIMNER_REDIS_SECONDS": "0.5",
    },
)
"""For a suite: every interval at a tenth, but for leases, which a busy machine must not let run out."""

FULL = Scale(worlds=100, away=60, slow=15, deadline=300, environment={})
"""Every interval as it comes."""


@dataclass(frozen=True)
class Installation:
    scale: Scale
    valkey: Valkey
    to_redis: Proxy
    """The workers' way to it."""
    redis: Redis
    keys: Keys
    postgres: Postgres
    place: Place
    server: Server
    workers: list[Worker]
    browser: httpx.AsyncClient
    """With a session of its own: all worlds are this one's."""

    @property
    def processes(self) -> list[Process]:
        return [self.server, *self.workers]

    async def running_at(self, worker: Worker, jobs: Iterable[str]) -> set[str]:
        """Which of these this worker runs, as far as the store knows."""
        mark = f":{worker.pid}:"
        found = set()
        for job in jobs:
            name = await self.redis.hget(self.keys.job(job), "worker")  # type: ignore[misc]
            if name is not None and mark in name.decode():
                found.add(job)
        return found

    async def until_at_work(self) -> None:
        """Until all workers are, also those that were killed and started again."""
        async with asyncio.timeout(self.scale.deadline):
            while not all(worker.is_at_work for worker in self.workers):  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(LOOK_SECONDS)

    async def clear(self) -> None:
        """Forget everything, so that nothing of one row is left for the next."""
        self.place.mend()
        self.to_redis.mend()
        for worker in self.workers:
            if not worker.running:
                worker.start()
        await self.postgres.execute("delete from worlds; delete from removals")
        await self.redis.flushall()
        await asyncio.to_thread(self.place.clear)


@asynccontextmanager
async def installation(scale: Scale, seaweed: Seaweed | None) -> AsyncIterator[Installation]:
    """Over a bucket of `seaweed`, or without it over a local folder."""
    with ExitStack() as processes:
        valkey = Valkey()
        processes.callback(valkey.close)
        to_redis, through = redis_proxy(valkey.url)
        processes.enter_context(to_redis)
        postgres = Postgres()
        processes.callback(postgres.close)
        await postgres.make_schema()
        folder = Path(processes.enter_context(tempfile.TemporaryDirectory(prefix="limner-")))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        at = folder_at(folder / "objects", url) if seaweed is None else bucket_in(seaweed)
        async with at as place, Redis.from_url(valkey.url) as redis:
            given = {
                "LIMNER_REDIS_URL": valkey.url,
                "LIMNER_DATABASE_URL": postgres.url,
                "LIMNER_LOG_FORMAT": "json",
                "LIMNER_PAINTER_SECONDS": str(PAINTING_SECONDS),
                **scale.environment,
                **place.environment,
            }
            workers = [processes.enter_context(Worker({**given, "LIMNER_REDIS_URL": through})) for _ in range(WORKERS)]
            server = processes.enter_context(Server(given, port=port))
            for worker in workers:
                await asyncio.to_thread(worker.wait_until_started)
            keys = Keys(StorageSettings().redis_prefix)
            async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=False) as browser:
                yield Installation(scale, valkey, to_redis, redis, keys, postgres, place, server, workers, browser)


def faults_logged(process: Process, start: int) -> list[str]:
    """Faults of ours behind this place of its log, and whatever is no line of ours."""
    found = []
    for line in process.log()[start:].splitlines():
        try:
            logged = json.loads(line)
        except json.JSONDecodeError:
            if "Traceback" in line:
                found.append(line)
            continue
        if logged["level"] in ("error", "critical") or "Traceback" in line:
            found.append(line)
    return found
