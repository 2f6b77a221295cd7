"""Pieces of the server without the rest of it, each as a process: `python -m bench.hub.pieces PIECE PORT JOBS`.

It listens on PORT once it follows all jobs. Whoever writes a number there is answered how many events came in all, as
soon as they are that many.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvloop

from bench.hub.jobs import BATCH, job_id
from server.hub.counters import Counters
from server.hub.hub import Hub, Intervals
from server.hub.subscription import Event, Subscription
from storage.connect import connect
from storage.events import Events
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.settings import StorageSettings, load

EVENTS, HUB = "events", "hub"
LOOK_SECONDS = 0.01
NEVER = 86_400.0


class Tally:
    """What the one process has counted."""

    __slots__ = ("followed", "heard")

    def __init__(self) -> None:
        self.followed = 0
        self.heard = 0


class Taker:
    """A watcher of the hub that takes every event and writes nothing."""

    __slots__ = ("_tally",)

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def deliver(self, subscription: Subscription, event: Event) -> None:
        subscription.seen = event.version
        self._tally.heard += 1

    def missing(self, subscription: Subscription, *, expired: bool) -> None: ...

    def subscribed(self, job_ids: list[JobId]) -> None:
        self._tally.followed += 1

    def withdraw(self, subscription: Subscription) -> None: ...

    def unavailable(self) -> None: ...

    def fail(self) -> None: ...


@asynccontextmanager
async def reading(settings: StorageSettings, jobs: int, tally: Tally) -> AsyncIterator[None]:
    """Nothing but the connection for events."""
    up = asyncio.Event()

    def on_message(_name: bytes, _record: bytes) -> None:
        tally.heard += 1

    events = Events(settings.redis_url, on_message=on_message, on_up=up.set, on_down=lambda: None)
    channels = [Keys(settings.redis_prefix).job(JobId(job_id(number))).encode() for number in range(jobs)]
    events.start()
    try:
        await up.wait()
        for start in range(0, jobs, BATCH):
            await events.subscribe(*channels[start : start + BATCH])
        yield
    finally:
        await events.aclose()


@asynccontextmanager
async def deciding(settings: StorageSettings, jobs: int, tally: Tally) -> AsyncIterator[None]:
    """The hub, with a watcher for each job."""
    keys = Keys(settings.redis_prefix)
    async with connect(settings.redis_url) as redis:
        store, intervals = JobStore(redis, keys, settings), Intervals(backstop=NEVER)
        hub = Hub(redis, store, keys, settings.redis_url, counters=Counters(), intervals=intervals)
        await hub.start()
        try:
            for number in range(jobs):
                hub.watch(Taker(tally), {JobId(job_id(number)): NO_VERSION})
            while tally.followed < jobs:  # noqa: ASYNC110 - as in `answer`
                await asyncio.sleep(LOOK_SECONDS)
            tally.heard = 0  # those were the snapshots
            yield
        finally:
            await hub.aclose()


Piece = Callable[[StorageSettings, int, Tally], AbstractAsyncContextManager[None]]
PIECES: dict[str, Piece] = {EVENTS: reading, HUB: deciding}


async def run(piece: str, port: int, jobs: int) -> None:
    tally = Tally()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if wanted := await reader.readline():
            while tally.heard < int(wanted):  # noqa: ASYNC110 - to tell of it would cost something for each event
                await asyncio.sleep(LOOK_SECONDS)
            writer.write(b"%d\n" % tally.heard)
        writer.close()

    # As the server does it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    async with PIECES[piece](load(StorageSettings), jobs, tally):
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], *map(int, sys.argv[2:4])))
