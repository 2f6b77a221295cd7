"""What a row of the fault table plays on: a Valkey, a server, a line between any two, and clients of all four kinds."""

import asyncio
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pydantic import SecretStr
from redis import Redis

from storage.connect import connect
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import JobId
from storage.settings import StorageSettings
from tests.support.faults.play import Play, batches
from tests.support.limner import Server
from tests.support.proxy import Proxy, redis_proxy
from tests.support.ways_in import Transport, Watch, watching

LOOK_SECONDS = 0.01
TRANSPORTS = tuple(Transport)


@dataclass(frozen=True)
class Scale:
    """How large a row is. Seconds where it is a time."""

    jobs: int
    """Of five, one is watched by all transports, and each of the others by one."""
    jobs_per_client: int
    preview_characters: int
    changes: float
    """A second."""
    deadline: float
    """What has not happened by then has failed. Far below `wait`, which would repair what was lost."""
    wait: int
    """What a poll asks for."""
    pause: float
    """Between two polls that are not held."""
    lease: float
    slow: float
    """How long a client may take nothing."""
    isolated: bool
    """What would repair a loss that a row's remedy should have prevented is out of reach."""
    environment: Mapping[str, str]


SMALL = Scale(
    jobs=50,
    jobs_per_client=64,
    preview_characters=4_096,
    changes=50,
    deadline=20,
    wait=30,
    pause=0.5,
    lease=2,
    slow=2,
    isolated=True,
    environment={
        "LIMNER_REDIS_SECONDS": "0.5",
        "LIMNER_PROBE_SECONDS": "1",
        "LIMNER_PROBE_ANSWER_SECONDS": "0.5",
        "LIMNER_BACKSTOP_SECONDS": "2",
        "LIMNER_PING_SECONDS": "2.5",
        "LIMNER_SILENCE_SECONDS": "6",
        "LIMNER_IDLE_SECONDS": "3",
        "LIMNER_SLOW_SECONDS": "2",
        "LIMNER_RETRY_WINDOW_SECONDS": "0.5",
        "LIMNER_DRAIN_SECONDS": "1",
        "LIMNER_LEASE_SECONDS": "2",
        "LIMNER_RENEW_SECONDS": "0.6",
        "LIMNER_SWEEP_SECONDS": "0.1",
    },
)
"""For a suite: every interval at about a tenth, and no shorter than a busy machine keeps a healthy client waiting."""


class Valkey:
    """A Valkey of its own that can be frozen, stopped and started again, with its data or without."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="limner-"))
        self._stack = ExitStack()
        self.url = ""
        self.start()

    def start(self) -> None:
        self.url = self._stack.enter_context(running(self._folder)).url
        with Redis.from_url(self.url) as redis:
            self.pid = int(redis.info("server")["process_id"])

    def stop(self) -> None:
        """As an operator stops it: what it was told is in its file."""
        with Redis.from_url(self.url) as redis:
            redis.shutdown(nosave=True)
        self._stack.close()

    def kill(self) -> None:
        """SIGKILL. What it had written by then is in its file."""
        self._stack.close()

    def lose_data(self) -> None:
        for path in self._folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        self._stack.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def listeners(self) -> set[str]:
        """The connections that listen to channels."""
        with Redis.from_url(self.url) as redis:
            return {client["id"] for client in redis.client_list(_type="pubsub") if int(client["sub"])}


@dataclass
class Stage:
    scale: Scale
    environment: Mapping[str, str]
    """Of processes that share the Valkey, over a line that nobody disturbs."""
    valkey: Valkey
    to_redis: Proxy
    server: Server
    lines: Mapping[Transport, Proxy]
    """From the clients of a transport to the server."""
    play: Play
    watches: list[Watch] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    """What a row has measured, in seconds."""

    @asynccontextmanager
    async def soon(self, otherwise: str) -> AsyncIterator[None]:
        """Raises AssertionError with this sentence at the deadline."""
        try:
            async with asyncio.timeout(self.scale.deadline):
                yield
        except TimeoutError:
            raise AssertionError(otherwise) from None

    async def until_listening(self, *, other_than: Set[str] = frozenset()) -> None:
        """Wait until a connection listens to channels that is none of these."""
        async with self.soon("No new connection listens to channels"):
            while not self.valkey.listeners() - other_than:  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(LOOK_SECONDS)

    async def until_given_up(self, *transports: Transport) -> None:
        """Wait until the server has ended each frozen line of these clients."""
        for transport in transports:
            clients = sum(watch.transport is transport for watch in self.watches)
            async with self.soon(f"The server keeps the connection of a client of {transport} that reads nothing"):
                while self.lines[transport].given_up < clients:  # noqa: ASYNC110 - nobody is told: that is the fault
                    await asyncio.sleep(LOOK_SECONDS)

    async def counted(self, metric: str) -> int:
        """By the server, since its last start."""
        async with httpx.AsyncClient(verify=False) as http:
            metrics = (await http.get(f"{self.server.url}/metrics")).text
        found = re.search(rf"^{metric} (\S+)$", metrics, re.MULTILINE)
        assert found is not None, metrics
        return int(float(found.group(1)))


@asynccontextmanager
async def stage(scale: Scale, environment: Mapping[str, str]) -> AsyncIterator[Stage]:
    """All of it, with the jobs begun and nobody watching yet. `environment` is the row's, beyond the scale's."""
    with ExitStack() as processes:
        valkey = Valkey()
        processes.callback(valkey.close)
        to_redis, through = redis_proxy(valkey.url)
        processes.enter_context(to_redis)
        settings = StorageSettings(redis_url=SecretStr(valkey.url))
        shared = {"LIMNER_REDIS_URL": valkey.url, **scale.environment, **environment}
        server = processes.enter_context(Server({**shared, "LIMNER_REDIS_URL": through}))
        lines = {transport: processes.enter_context(Proxy(server.port)) for transport in Transport}
        async with connect(settings.redis_url) as redis:
            store = JobStore(redis, Keys(settings.redis_prefix), settings)
            play = Play(store, scale.jobs, preview_characters=scale.preview_characters, lease=2 * scale.lease)
            await play.begin(play.jobs)
            yield Stage(scale, shared, valkey, to_redis, server, lines, play)


@asynccontextmanager
async def audience(stage: Stage) -> AsyncIterator[None]:
    """Clients of all four kinds, each of whom has seen its jobs once."""
    scale = stage.scale
    async with AsyncExitStack() as stack:
        for transport in TRANSPORTS:
            for job_ids in batches(watched_by(transport, stage.play.jobs), scale.jobs_per_client):
                client = watching(
                    transport, stage.lines[transport].url, job_ids, wait=scale.wait, pause=scale.pause, silence=60
                )
                stage.watches.append(await stack.enter_async_context(client))
        for watch in stage.watches:
            async with stage.soon(f"{watch.transport} did not see all jobs; it was told {dict(watch.told)}"):
                await watch.until(_all_seen(watch), scale.deadline)
        yield


def watched_by(transport: Transport, job_ids: Sequence[JobId]) -> list[JobId]:
    """A job that somebody asks for is read for all who watch it: what only one transport watches, no other repairs."""
    parts = len(Transport) + 1
    own = list(Transport).index(transport)
    return [job_id for number, job_id in enumerate(job_ids) if number % parts in (own, parts - 1)]


def _all_seen(watch: Watch) -> Callable[[Watch], bool]:
    unseen = set(watch.seen)

    def all_seen(watch: Watch) -> bool:
        unseen.difference_update([job_id for job_id in unseen if watch.seen[job_id]])
        return not unseen

    return all_seen
