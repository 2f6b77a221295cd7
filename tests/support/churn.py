"""Clients that come, watch and go, in every way there is, while events pour; and what a server keeps of them."""

import asyncio
import itertools
import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import encode_body
from storage.records.ids import JobId
from storage.records.job import Job
from storage.tasks import end
from tests.server.support.raw import CLOSE, HANDSHAKE, TEXT, frame
from tests.support.faults.play import Play
from tests.support.limner import Server

ENVIRONMENT = {
    "LIMNER_MAX_CONNECTIONS_PER_ADDRESS": "10000",
    "LIMNER_WAIT_SECONDS": "1",
    "LIMNER_BACKSTOP_SECONDS": "3600",
    "LIMNER_LINGER_SECONDS": "0.5",
}
JOBS = 200
AT_ONCE = 50
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Kept:
    """What a server has when nobody is there."""

    kib: int
    """Memory of its own and its share of what it shares (Pss)."""
    files: int
    connections: int
    subscriptions: int
    channels: int


async def running_jobs(store: JobStore) -> dict[JobId, Job]:
    play = Play(store, JOBS, preview_characters=64)
    await play.begin(play.jobs)
    return {job_id: job for job_id, job in (await play.stored()).items() if job is not None}


class Churn:
    """Everybody watches some of these jobs. Their events are published as they are, without being stored."""

    def __init__(self, server: Server, redis: Redis, keys: Keys, jobs: Mapping[JobId, Job]) -> None:
        self._server = server
        self._redis = redis
        self._keys = keys
        self._jobs = list(jobs)
        self._version = max(job.version for job in jobs.values())
        self._serial = itertools.count(1)
        self._records = itertools.cycle([(keys.job(job_id), encode_body(job)) for job_id, job in jobs.items()])

    async def run(self, connects: int, events: int) -> None:
        """So many come and go, a part of them by each way, and so many events are published between them."""
        numbers = iter(range(connects))

        async def clients() -> None:
            for number in numbers:
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await self._publish(events * (number + 1) // connects - events * number // connects)
                    await self._visit(number)

        async with self._residents(), asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(clients())

    async def _visit(self, number: int) -> None:
        jobs = random.sample(self._jobs, 3)
        match number % 10:
            case 8:
                await self._stream(jobs)
            case 9:
                await self._poll(jobs[0])
            case ending:
                await self._websocket(jobs, ending)

    async def _websocket(self, jobs: list[JobId], ending: int) -> None:
        """Subscribes in the URL, then by message, leaves one job, and goes: with a close, a FIN or an RST."""
        async with self._line() as (reader, writer):
            writer.write(HANDSHAKE % f"/ws?job={jobs[0]}".encode())
            await reader.readuntil(b'"subscribed"')
            wanted = f'"{jobs[1]}":0,"{jobs[2]}":0'.encode()
            writer.write(frame(TEXT, b'{"type":"subscribe","jobs":{' + wanted + b"}}"))
            await reader.readuntil(b'"subscribed"')
            if ending % 2:
                writer.write(frame(TEXT, b'{"type":"unsubscribe","jobs":["' + jobs[1].encode() + b'"]}'))
            if ending < 4:
                writer.write(frame(CLOSE, b"\x03\xe8"))
                while await reader.read(65_536):
                    pass
            elif ending < 6:
                writer.write_eof()

    async def _stream(self, jobs: list[JobId]) -> None:
        async with self._line() as (reader, writer):
            query = "&".join(f"job={job_id}" for job_id in jobs)
            writer.write(f"GET /events?{query} HTTP/1.1\r\nHost: limner\r\n\r\n".encode())
            await reader.readuntil(b"event: subscribed")

    async def _poll(self, job_id: JobId) -> None:
        """Asks twice, the second time to be told of a change, and does not wait for that."""
        async with self._line() as (reader, writer):
            request = f"GET /jobs/{job_id} HTTP/1.1\r\nHost: limner\r\n"
            writer.write(f"{request}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(_header(head, "content-length")))
            tag = _header(head, "etag")
            writer.write(f"{request}If-None-Match: {tag}\r\nPrefer: wait=1\r\n\r\n".encode())
            await writer.drain()

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port, limit=1 << 20)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def _publish(self, events: int) -> None:
        """Of one job after the other, each newer than all before."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for _ in range(events):
                version = b"%d" % (self._version + next(self._serial))
                channel, body = next(self._records)
                pipe.publish(channel, version + b'a{"version":' + version + body)
            await pipe.execute()

    @asynccontextmanager
    async def _residents(self) -> AsyncIterator[None]:
        """Two who stay and watch all jobs, so that no event is in vain."""
        query = "&".join(f"job={job_id}" for job_id in self._jobs)
        async with AsyncExitStack() as stack:
            for _ in range(2):
                reader, writer = await stack.enter_async_context(self._line())
                writer.write(HANDSHAKE % f"/ws?{query}".encode())
                await reader.readuntil(b'"subscribed"')
                listening = asyncio.create_task(_drain(reader))
                stack.push_async_callback(end, listening)
            yield

    async def kept(self, *, once_deserted: bool) -> Kept:
        """What there is as soon as nobody is there any more; `once_deserted`: and no channel is listened to."""
        deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
        async with httpx.AsyncClient(base_url=self._server.url, verify=False) as http:
            while True:
                kept = self._look((await http.get("/metrics")).text)
                channels = await self._redis.pubsub_channels(f"{self._keys.job_stem}*")
                nobody = kept.connections == kept.subscriptions == 0
                if nobody and (not once_deserted or not (kept.channels or channels)):
                    return kept
                assert asyncio.get_running_loop().time() < deadline, f"{kept} stayed, and in Redis {len(channels)}"
                await asyncio.sleep(0.1)  # a server tells nobody that it has become quiet

    def _look(self, metrics: str) -> Kept:
        process = Path("/proc", str(self._server.pid))
        pss = re.search(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.MULTILINE)
        assert pss is not None
        return Kept(
            kib=int(pss.group(1)),
            files=len(list((process / "fd").iterdir())),
            connections=_metric(metrics, "limner_connections"),
            subscriptions=_metric(metrics, "limner_subscriptions"),
            channels=_metric(metrics, "limner_channels"),
        )


async def _drain(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(1 << 20):
            pass


def _metric(text: str, name: str) -> int:
    """Its values of all labels together."""
    values = re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)
    assert values, f"there is no {name}:\n{text}"
    return int(sum(map(float, values)))


def _header(head: bytes, name: str) -> str:
    found = re.search(rb"\r\n" + name.encode() + rb": (.*?)\r\n", head, re.IGNORECASE)
    assert found is not None, head
    return found.group(1).decode()
