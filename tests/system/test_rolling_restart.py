"""Two servers behind a balancer are restarted one after the other, while jobs go on and everybody watches."""

import asyncio
import contextlib
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from storage.records.ids import JobId
from tests.server.conftest import lines_of, player_over
from tests.server.support.player import Player
from tests.support.balancer import balancer
from tests.support.limner import Server

pytestmark = pytest.mark.system

CLIENTS, JOBS_EACH = 40, 8
DRAIN_SECONDS = 2.0
FINALS = 60
"""So many jobs end during each restart."""
DEADLINE_SECONDS = 60.0
GRAIN_SECONDS = 0.05


class Page:
    """A client as the contract wants it: comes back when it was told to, with the versions that it has."""

    def __init__(self, url: str, jobs: list[JobId]) -> None:
        self._url = url
        self._jobs = jobs
        self._pause = self._window = 0.0
        self._changed = asyncio.Event()
        self.versions: defaultdict[str, list[int]] = defaultdict(list)
        self.final: set[str] = set()
        self.unknown: list[str] = []
        self.goodbyes: list[float] = []
        self.codes: list[int | None] = []

    async def follow(self) -> None:
        while True:
            self._pause = 0.05
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, EOFError):
                async with connect(self._url, compression=None) as socket:
                    try:
                        await self._read(socket)
                    finally:
                        self.codes.append(socket.close_code)
            await asyncio.sleep(self._pause + random.random() * self._window)

    async def _read(self, socket: ClientConnection) -> None:
        known = {job: (self.versions[job] or [0])[-1] for job in self._jobs}
        await socket.send(json.dumps({"type": "subscribe", "jobs": known}))
        async for text in socket:
            message = json.loads(text)
            match message["type"]:
                case "hello":
                    self._window = message["retry_window_ms"] / 1000
                case "job":
                    job = message["job"]
                    self.versions[job["id"]].append(job["version"])
                    if job["status"] == "succeeded":
                        self.final.add(job["id"])
                case "unknown":
                    self.unknown.append(message["job"])
                case "goodbye":
                    self.goodbyes.append(asyncio.get_running_loop().time())
                    self._pause = message["retry_after_ms"] / 1000
            self._changed.set()

    async def until_all_final(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.final != set(self._jobs):
                self._changed.clear()
                await self._changed.wait()

    async def until_watching(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while set(self.versions) < set(self._jobs) or not all(self.versions.values()):
                self._changed.clear()
                await self._changed.wait()


class Load:
    """Plays workers: a new state of some job, again and again, and now and then its last one."""

    def __init__(self, player: Player, jobs: list[JobId]) -> None:
        self._player = player
        self._unfinished = dict.fromkeys(jobs, 0.0)
        self.due = 0
        """How many jobs are to end, among all that go on."""
        self.ended = 0

    async def go_on(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            job = random.choice(list(self._unfinished))
            if random.random() < 0.05 and self.due:
                self.due -= 1
                await self._end(job)
            else:
                self._unfinished[job] = progress = self._unfinished[job] * 0.9 + 0.1
                await self._player.advance(job, progress)

    async def end_all(self) -> None:
        for job in list(self._unfinished):
            await self._end(job)

    async def _end(self, job: JobId) -> None:
        del self._unfinished[job]
        await self._player.succeed(job)
        self.ended += 1


class Lag:
    """How late this process itself has been at the worst."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.01
            await asyncio.sleep(0.01)
            self.worst = max(self.worst, loop.time() - due)


@contextlib.asynccontextmanager
async def running_tasks(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []


async def restart(server: Server) -> int:
    """Stop it in order and start it again. Answers how many connections it had to send off."""
    assert await asyncio.to_thread(server.terminate) == 0
    [told] = [line for line in lines_of(server, "info") if line["event"] == "server draining"]
    await asyncio.to_thread(server.start)
    return int(told["connections"])


async def test_a_rolling_restart_under_load_loses_nothing_repeats_nothing_and_sends_off_evenly(
    environment: dict[str, str], redis: Redis, prefix: str
) -> None:
    environment = {
        **environment,
        "LIMNER_LOG_FORMAT": "json",
        "LIMNER_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "LIMNER_RETRY_WINDOW_SECONDS": "0.2",
    }
    player = player_over(redis, prefix)
    jobs = [await player.running() for _ in range(CLIENTS * JOBS_EACH // 2)]
    load, lag = Load(player, jobs), Lag()
    async with AsyncExitStack() as stack:
        first, second = (stack.enter_context(Server(environment)) for _ in range(2))
        between = await stack.enter_async_context(balancer(first.port, second.port))
        pages = [Page(between.ws_url, random.sample(jobs, JOBS_EACH)) for _ in range(CLIENTS)]
        await stack.enter_async_context(running_tasks(lag.watch(), *(page.follow() for page in pages)))
        await asyncio.gather(*(page.until_watching() for page in pages))

        enough = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(load.go_on(enough))
            for server in (first, second):
                before = [len(page.goodbyes) for page in pages]
                ended, load.due = load.ended, FINALS
                guests = await restart(server)
                assert guests >= CLIENTS // 4
                assert load.ended > ended
                goodbyes = [at for page, seen in zip(pages, before, strict=True) for at in page.goodbyes[seen:]]
                assert len(goodbyes) == guests
                assert_sent_off_evenly(sorted(goodbyes), slack=lag.worst + GRAIN_SECONDS)
            enough.set()
        await load.end_all()
        await asyncio.gather(*(page.until_all_final() for page in pages))

        for page in pages:
            assert page.unknown == []
            assert set(page.codes) <= {4001}
            for versions in page.versions.values():
                assert versions == sorted(set(versions))


def assert_sent_off_evenly(times: list[float], *, slack: float) -> None:
    """In no time between two of them were there more than twice as many as evenly."""
    even = DRAIN_SECONDS / len(times)
    for first, begun in enumerate(times):
        for count, at in enumerate(times[first:]):
            assert count <= 2 * (at - begun + slack) / even + 1, (first, count, at - begun, slack)
