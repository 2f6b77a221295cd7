"""A hub with stop points, over a real Redis."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from server.hub.counters import Counters
from server.hub.hub import Hub, Intervals
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.settings import StorageSettings
from tests.server.support.gates import GatedLine, GatedStore, Page, gated_line
from tests.support.listening import eventually

NEVER = 3_600.0
BY_HAND = Intervals(touch=NEVER, linger=NEVER, backstop=NEVER, probe=NEVER, probe_answer=NEVER)
"""Nothing happens by the clock, and so nothing mends in passing what a race has broken."""


@dataclass
class Scene:
    """A hub whose events come by `line` and whose snapshots stop at the gates of `store`."""

    hub: Hub
    counters: Counters
    store: GatedStore
    line: GatedLine
    redis: Redis
    keys: Keys

    def watch(self, *job_ids: JobId, seen: bytes = NO_VERSION) -> Page:
        """Somebody begins to watch."""
        page = Page()
        self.hub.watch(page, dict.fromkeys(job_ids, seen))
        return page

    async def watching(self, job_id: JobId) -> Page:
        """Somebody who watches, and knows how the job stands."""
        page = self.watch(job_id)
        await page.until("subscribed 1")
        return page

    def channel(self, job_id: JobId) -> bytes:
        return self.keys.job(job_id).encode()

    async def listeners(self, job_id: JobId) -> int:
        """How many connections Redis publishes the job to."""
        ((_, count),) = await self.redis.pubsub_numsub(self.keys.job(job_id))
        return int(count)

    async def change_in_silence(self, job_id: JobId) -> int:
        """Give the record a newer version, and publish nothing. Answers the version."""
        record = await self.redis.hget(self.keys.job(job_id), "record")  # type: ignore[misc]
        later = int(record[:16]) + 1
        await self.redis.hset(self.keys.job(job_id), "record", b"%d" % later + record[16:])  # type: ignore[misc]
        return later

    async def until_ready(self) -> None:
        async def is_ready() -> bool:
            return self.hub.ready

        await eventually(is_ready)


@pytest.fixture
def intervals() -> Intervals:
    return BY_HAND


@pytest.fixture
async def scene(
    redis: Redis, redis_url: str, keys: Keys, storage_settings: StorageSettings, intervals: Intervals
) -> AsyncIterator[Scene]:
    store, counters = GatedStore(redis, keys, storage_settings), Counters()
    async with gated_line(redis_url) as line:
        hub = Hub(redis, store, keys, SecretStr(line.url), counters=counters, intervals=intervals)
        scene = Scene(hub, counters, store, line, redis, keys)
        await hub.start()
        await scene.until_ready()
        yield scene
        line.open()
        store.asked.open()
        store.answered.open()
        await hub.aclose()
