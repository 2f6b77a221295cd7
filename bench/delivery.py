"""From the worker's write to the client's handler, beside a bare publication of as many bytes to a bare subscriber."""

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from redis.asyncio import Redis

from bench.figures import Row, percentile, row
from bench.listener import BARE, WEBSOCKET
from bench.processes import NotMeasured, clean, listener
from bench.rounds import Effort
from storage.jobs import JobStore
from storage.parent_death import dies_with_parent
from storage.records.encoding import VERSION_DIGITS
from storage.records.ids import JobId, new_job_id
from storage.records.job import PREVIEW_CHARACTERS, Job, timestamp
from storage.stored import Submission

CHANNEL = "bench:bare"
ARRIVAL_SECONDS = 5.0
PAUSE_SECONDS = 0.001
WARM_UP = 20

# The version is Redis' clock when the script began, as it is for a record.
PUBLISH = """
local time = redis.call('TIME')
local version = string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('PUBLISH', KEYS[1], version .. ARGV[1])
return version
"""


@dataclass(slots=True)
class Samples:
    """Microseconds, of one way in one round."""

    from_call: list[float] = field(default_factory=list)
    from_commit: list[float] = field(default_factory=list)


class Delivery:
    """One job that is processed, its watcher, and somebody who listens to a bare channel."""

    def __init__(self, redis: Redis, store: JobStore, job: Job, claim: bytes, lines: asyncio.StreamReader) -> None:
        self._publish = redis.register_script(PUBLISH)
        self._store = store
        self._job = job
        self._claim = claim
        self._lines = lines

    async def record(self, preview: str | None) -> int:
        """What a worker does. Answers the version."""
        job = self._job.advanced(
            0.42, stage="painting the face", preview=preview, expected_at=self._job.created_at, result=None
        )
        self._job = await self._store.advance(job, self._claim)
        return self._job.version

    async def bare(self, payload: bytes) -> int:
        return int(await self._publish(keys=[CHANNEL], args=[payload]))

    async def payload(self) -> bytes:
        """The newest record as it stands in Redis, without the version at its beginning."""
        stored = await self._store.get(JobId(self._job.id))
        if stored is None or stored.record is None:
            raise NotMeasured("The job is gone.")
        return stored.record[VERSION_DIGITS:]

    async def measure(self, way: str, write: Callable[[], Awaitable[int]], times: int) -> Samples:
        """One at a time: the next is written when the one before has arrived."""
        samples = Samples()
        for _ in range(times):
            called = time.monotonic_ns()
            version = await write()
            wall, monotonic = await self._arrival(way, version)
            samples.from_call.append((monotonic - called) / 1000)
            samples.from_commit.append(wall / 1000 - version)
            await asyncio.sleep(PAUSE_SECONDS)
        return samples

    async def _arrival(self, way: str, version: int) -> tuple[int, int]:
        wanted = f"{way} {version} ".encode()
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while not (line := await self._lines.readline()).startswith(wanted):
                if not line:
                    raise NotMeasured("The listener ended.")
        _, _, wall, monotonic = line.split()
        return int(wall), int(monotonic)


async def measure(redis_url: str, redis: Redis, store: JobStore, url: str, effort: Effort, times: int) -> list[Row]:
    """Rows for a small record and one with a preview: from the call, and from the commit, p50 and p99."""
    previews = {"": None, " with preview": "data:image/webp;base64,".ljust(PREVIEW_CHARACTERS, "A")}
    taken: dict[tuple[str, str], list[Samples]] = defaultdict(list)
    sizes = {}
    async with _delivery(redis_url, redis, store, url) as delivery:
        for number in (-1, *effort):
            for name, preview in previews.items():
                count = times if number >= 0 else WARM_UP
                await delivery.record(preview)
                payload = await delivery.payload()
                sizes[name] = len(payload) + VERSION_DIGITS
                ways: list[tuple[str, Callable[[], Awaitable[int]]]] = [
                    (WEBSOCKET, partial(delivery.record, preview)),
                    (BARE, partial(delivery.bare, payload)),
                ]
                for way, write in ways if number % 2 else reversed(ways):
                    samples = await delivery.measure(way, write, count)
                    if number >= 0:
                        taken[way, name].append(samples)
    return [
        row(
            f"{begin} → handler, {sizes[name]:,} B{name}, p{share}",
            "µs",
            [percentile(getattr(one, source), share / 100) for one in taken[WEBSOCKET, name]],
            f"{bare} → subscriber",
            [percentile(getattr(one, source), share / 100) for one in taken[BARE, name]],
        )
        for source, begin, bare in [("from_commit", "commit", "PUBLISH"), ("from_call", "advance()", "publish()")]
        for name in previews
        for share in (50, 99)
    ]


@asynccontextmanager
async def _delivery(redis_url: str, redis: Redis, store: JobStore, url: str) -> AsyncIterator[Delivery]:
    job_id = new_job_id()
    await store.submit(Submission(job_id, "portrait", "bench", input=b"{}", fingerprint="bench"))
    stored = await store.get(job_id)
    if stored is None:
        raise NotMeasured("The job that was submitted is not there.")
    begun = stored.job.claimed(timestamp(await store.now()), provider="bench", expected_at=None)
    (job,) = await store.claim([(stored, begun)], lease_ms=3_600_000, worker="bench")
    if job is None:
        raise NotMeasured("The job that was submitted cannot be begun.")

    process = await asyncio.create_subprocess_exec(
        *listener(redis_url, CHANNEL, f"{url.replace('http', 'ws', 1)}/ws?job={job_id}"),
        env=clean({}),
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=dies_with_parent(signal.SIGKILL),
    )
    try:
        if process.stdout is None:
            raise NotMeasured("The listener has no output.")
        async with asyncio.timeout(30):
            while (line := await process.stdout.readline()) != b"ready\n":
                if not line:
                    raise NotMeasured("The listener ended.")
        yield Delivery(redis, store, job, stored.claim, process.stdout)
    finally:
        process.kill()
        await process.wait()
