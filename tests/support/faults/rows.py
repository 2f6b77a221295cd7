"""The rows of the fault table: what breaks, how, and what mends what was missed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import httpx
from redis import Redis

from storage.tasks import end
from tests.support.faults.stage import Stage
from tests.support.limner import Worker
from tests.support.ways_in import Transport

STREAMS = (Transport.WEBSOCKET, Transport.EVENTS)


@dataclass(frozen=True)
class Row:
    """`strike` breaks something when it is entered; it has been mended, and can be used again, when it is left."""

    name: str
    remedy: str
    """Without this the row fails."""
    strike: Callable[[Stage], AbstractAsyncContextManager[None]]
    store_away: bool = False
    """Nothing can be written while it lasts: what ends during the fault is written right after it."""
    loses_data: bool = False
    never_cut: bool = False
    """No client loses contact."""
    jobs: int | None = None
    preview_characters: int | None = None
    changes: float | None = None
    backstop: bool = False
    """It is the remedy."""


@asynccontextmanager
async def server_killed(stage: Stage) -> AsyncIterator[None]:
    stage.server.kill()
    yield
    await asyncio.to_thread(stage.server.start)


@asynccontextmanager
async def server_drained(stage: Stage) -> AsyncIterator[None]:
    stopping = asyncio.create_task(asyncio.to_thread(stage.server.terminate))
    yield
    for watch in stage.watches:
        if watch.transport in STREAMS:
            async with stage.soon(f"A client of {watch.transport} was not told to come again"):
                await watch.until(lambda watch: watch.told["goodbye"] > 0)
    assert await stopping in (0, -signal.SIGTERM)  # uvicorn raises the signal again when it is done
    await asyncio.to_thread(stage.server.start)


@asynccontextmanager
async def listeners_killed(stage: Stage) -> AsyncIterator[None]:
    """Again and again, so that whatever happens meanwhile happens unheard."""

    async def kill() -> None:
        with Redis.from_url(stage.valkey.url) as redis:
            while True:
                redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                await asyncio.sleep(0.002)

    killing = asyncio.create_task(kill())
    await asyncio.sleep(0)
    yield
    await end(killing)
    await stage.until_listening()


@asynccontextmanager
async def redis_frozen(stage: Stage) -> AsyncIterator[None]:
    """Longer than a lease, and than the silence that a sweep forgives. A worker paints meanwhile, and goes on."""
    with Worker({**stage.environment, "LIMNER_PAINTER_SECONDS": str(stage.scale.lease)}) as worker:
        await asyncio.to_thread(worker.wait_until_started)
        async with httpx.AsyncClient(base_url=stage.server.url, verify=False) as http:
            portrait = (await http.post("/portraits", json={"description": "an old dwarf"})).json()["id"]
            await asyncio.to_thread(worker.wait_until_logged, "provider called")
            stage.valkey.freeze()
            try:
                yield
                await asyncio.sleep(2.5 * stage.scale.lease)  # the fault's length
            finally:
                stage.valkey.thaw()
            await stage.until_listening()
            async with stage.soon("The portrait that a worker painted meanwhile was not finished"):
                while (job := (await http.get(f"/jobs/{portrait}")).json()).get("status") != "succeeded":  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        assert job["attempt"] == 1, f"The portrait was begun again: {job}"
        assert "job swept" not in worker.log(), "Running jobs were taken from those who ran them"


@asynccontextmanager
async def redis_restarted(stage: Stage) -> AsyncIterator[None]:
    """The workers are back before the server is: what they publish, it does not hear."""
    stage.valkey.stop()
    stage.to_redis.cut()
    stage.valkey.start()
    yield
    stage.to_redis.mend()
    await stage.until_listening()


@asynccontextmanager
async def redis_flushed(stage: Stage) -> AsyncIterator[None]:
    with Redis.from_url(stage.valkey.url) as redis:
        redis.flushall()
    yield


@asynccontextmanager
async def redis_restarted_empty(stage: Stage) -> AsyncIterator[None]:
    stage.valkey.stop()
    yield
    stage.valkey.lose_data()
    stage.valkey.start()
    await stage.until_listening()


@asynccontextmanager
async def redis_half_open(stage: Stage) -> AsyncIterator[None]:
    clock = asyncio.get_running_loop().time
    before = stage.valkey.listeners()
    begun = clock()
    stage.to_redis.half_open()
    yield
    await stage.until_listening(other_than=before)
    stage.figures["half-open found"] = clock() - begun


@asynccontextmanager
async def clients_cut(stage: Stage) -> AsyncIterator[None]:
    for line in stage.lines.values():
        line.cut(reset=True)
    yield
    for line in stage.lines.values():
        line.mend()


@asynccontextmanager
async def clients_frozen(stage: Stage) -> AsyncIterator[None]:
    """They read nothing, until the server has had enough of those to whom it owes something."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    for line in stage.lines.values():
        line.freeze()
    yield
    await stage.until_given_up(*STREAMS)
    stage.figures["stuck client gone"] = clock() - begun
    for line in stage.lines.values():
        line.mend()


@asynccontextmanager
async def clients_slow(stage: Stage) -> AsyncIterator[None]:
    for line in stage.lines.values():
        line.throttle(40_000)
    yield
    async with stage.soon("Nobody was slow"):
        while not await stage.counted("limner_frames_merged_total"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.sleep(3 * stage.scale.slow)  # far longer than one who takes nothing would be borne with


PREVIEW = 8_192

ROWS = (
    Row("server killed", "a client says what it has, and gets what is newer", server_killed),
    Row("server stopped under load", "goodbyes, and a client that comes again", server_drained),
    Row(
        "pub/sub connections killed", "all that is watched is read again when the connection was lost", listeners_killed
    ),
    Row("Redis frozen beyond a lease", "the sweep gives every lease a fresh start", redis_frozen, store_away=True),
    Row("Redis restarted", "its append-only file; all that is watched is read again", redis_restarted),
    Row("Redis emptied", "the backstop", redis_flushed, loses_data=True, backstop=True),
    Row(
        "Redis restarted without its data",
        "all that is watched is read again",
        redis_restarted_empty,
        store_away=True,
        loses_data=True,
    ),
    Row("Redis cut without FIN", "the probe", redis_half_open),
    Row("clients cut", "a client says what it has, and gets what is newer", clients_cut),
    Row("clients frozen", "the eviction of who takes nothing", clients_frozen, preview_characters=PREVIEW),
    Row(
        "clients at 40 KB/s",
        "the newest of each job only, finals first, and progress as the measure of too slow",
        clients_slow,
        never_cut=True,
        changes=200,
        jobs=160,  # 64 for each client
    ),
)
