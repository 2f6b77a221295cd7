"""What the job fault table plays on: a server and three workers over one Valkey, and a provider who is paid."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import JobId
from storage.settings import StorageSettings
from tests.support.faults.stage import Valkey
from tests.support.limner import Process, Server, Worker
from tests.support.proxy import Proxy, redis_proxy
from tests.support.replicate_server import TOKEN, ReplicateServer

WORKERS = 3


@dataclass(frozen=True)
class Scale:
    """How large the table is. Seconds where it is a time."""

    jobs: int
    polls: int
    """So often a worker asks after a portrait before it is painted: how long a job takes."""
    beyond: float
    """How long what is frozen stays so: longer than a lease, and than the silence that a sweep forgives."""
    cut: float
    """How long the workers' lines are cut: also longer than the silence that a sweep forgives."""
    since: float
    """From the last 202 to Redis' end."""
    deadline: float
    """What has not happened by then has failed."""
    environment: Mapping[str, str]


SMALL = Scale(
    jobs=200,
    polls=0,
    beyond=2.5,
    cut=1.2,
    since=0.2,
    deadline=30,
    environment={
        "LIMNER_LEASE_SECONDS": "2",
        "LIMNER_RENEW_SECONDS": "0.5",
        "LIMNER_SWEEP_SECONDS": "0.1",
        "LIMNER_FINISH_SECONDS": "0.2",
        "LIMNER_REDIS_SECONDS": "0.5",
        "LIMNER_PROBE_SECONDS": "1",
        "LIMNER_PROBE_ANSWER_SECONDS": "0.5",
        "LIMNER_PING_SECONDS": "2.5",
        "LIMNER_SILENCE_SECONDS": "6",
        "LIMNER_RETRY_WINDOW_SECONDS": "0.5",
        "LIMNER_DRAIN_SECONDS": "0.5",
        "LIMNER_BACKSTOP_SECONDS": "3600",
    },
)
"""For a suite: every interval at a tenth, but for leases, which a busy machine must not let run out.

The backstop, which would hide what a watcher has missed, is out of reach.
"""

FULL = Scale(
    jobs=200,
    polls=5,
    beyond=15,
    cut=15,
    since=2,
    deadline=180,
    environment={"LIMNER_BACKSTOP_SECONDS": "3600", "LIMNER_DRAIN_SECONDS": "10", "LIMNER_FINISH_SECONDS": "2"},
)
"""Every interval as it comes, but for the time of grace of a worker: else all would end in it."""


@dataclass(frozen=True)
class Installation:
    scale: Scale
    valkey: Valkey
    to_redis: Proxy
    """The workers' way to it."""
    provider: ReplicateServer
    server: Server
    workers: list[Worker]
    store: JobStore
    keys: Keys

    @property
    def processes(self) -> list[Process]:
        return [self.server, *self.workers]

    async def statuses(self, job_ids: Iterable[JobId]) -> list[str]:
        """As they are stored; empty for one that is not there."""
        return [status.decode() if status else "" for status in await self._read(job_ids, "status")]

    async def running_at(self, worker: Worker, job_ids: Iterable[JobId]) -> set[JobId]:
        """Which of these this worker runs, as far as the store knows."""
        ids = list(job_ids)
        names = await self._read(ids, "worker")
        return {id_ for id_, name in zip(ids, names, strict=True) if name and f":{worker.pid}:" in name.decode()}

    async def pictures(self, job_ids: Iterable[JobId]) -> list[bytes | None]:
        """As base64 text."""
        return await self.store.commands.ask([("GET", self.keys.portrait(id_)) for id_ in job_ids])

    async def clear(self) -> None:
        """Forget everything, so that nothing of one row is left for the next, which finds every process at work."""
        for worker in self.workers:
            await asyncio.to_thread(worker.wait_until_started)
        await asyncio.to_thread(self.server.wait_until_ready)
        await self.store.commands.ask([("FLUSHALL",)])

    async def _read(self, job_ids: Iterable[JobId], field: str) -> list[bytes | None]:
        return await self.store.commands.ask([("HGET", self.keys.job(id_), field) for id_ in job_ids])


@asynccontextmanager
async def installation(scale: Scale) -> AsyncIterator[Installation]:
    with ExitStack() as processes:
        valkey = Valkey()
        processes.callback(valkey.close)
        to_redis, through = redis_proxy(valkey.url)
        processes.enter_context(to_redis)
        settings = StorageSettings(redis_url=SecretStr(valkey.url))
        keys = Keys(settings.redis_prefix)
        async with ReplicateServer() as provider, connect(settings.redis_url) as redis:
            given = {**_of(provider), **scale.environment, "LIMNER_LOG_FORMAT": "json"}
            workers = [processes.enter_context(Worker({**given, "LIMNER_REDIS_URL": through})) for _ in range(WORKERS)]
            server = Server({**given, "LIMNER_REDIS_URL": valkey.url})
            processes.enter_context(server)
            for worker in workers:
                await asyncio.to_thread(worker.wait_until_started)
            store = JobStore(redis, keys, settings)
            yield Installation(scale, valkey, to_redis, provider, server, workers, store, keys)


def _of(provider: ReplicateServer) -> dict[str, str]:
    return {
        "LIMNER_PORTRAIT_PROVIDER": "replicate",
        "LIMNER_REPLICATE_URL": provider.url,
        "LIMNER_REPLICATE_TOKEN": TOKEN,
        "LIMNER_PORTRAITS_AT_ONCE": "12",
        "LIMNER_OWNER_RUNNING": "1000",
    }


def logged(process: Process, start: int) -> Iterator[dict[str, Any]]:
    """What a process has logged behind this place of its log."""
    for line in process.log()[start:].splitlines():
        with contextlib.suppress(json.JSONDecodeError):  # of one that was killed the last line may be in two
            yield json.loads(line)
