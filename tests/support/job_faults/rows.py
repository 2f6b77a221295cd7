"""The rows of the job fault table: what breaks while jobs wait and run, and what sees to it that they end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis import Redis

from storage.logs import Event
from tests.support.faults.rows import STREAMS
from tests.support.job_faults.installation import logged
from tests.support.job_faults.play import LOOK_SECONDS, Play


@dataclass(frozen=True)
class Row:
    """`strike` breaks something, lets all jobs end, and mends it: then everything stands again, or is being started."""

    name: str
    remedy: str
    """Without this the row fails."""
    strike: Callable[[Play], Awaitable[None]]
    at_once: bool = False
    """It strikes as soon as all jobs are accepted, and not when the work at them is under way."""
    counts: bool = True
    """A run that was harmed is held against its job."""
    forgets: bool = False
    """Redis may forget what it was told last: a step may be taken, published and paid again."""


async def worker_killed(play: Play) -> None:
    victim = play.on.workers[0]
    victim.kill()
    play.harmed = await play.running_at(victim)
    play.let_end()
    victim.start()


async def worker_stopped(play: Play) -> None:
    """What cannot be finished in the time of grace is handed back, and need not wait until a lease runs out."""
    victim = play.on.workers[0]
    start = len(victim.log())
    assert await asyncio.to_thread(victim.terminate) == 0
    handed_back = {line["job"] for line in logged(victim, start) if line["event"] == Event.HANDED_BACK}
    play.harmed = {job_id for job_id in play.ids if job_id[:8] in handed_back}
    assert play.harmed, "It ran nothing"
    play.let_end()
    victim.start()


async def worker_frozen(play: Play) -> None:
    """Until the others have all its jobs; then it wakes up and goes on with each, until it learns better."""
    victim = play.on.workers[0]
    start = len(victim.log())
    victim.stop()
    try:
        play.harmed = await play.running_at(victim)
        play.let_end()
        await play.until("The jobs of a frozen worker are not taken from it", lambda: _has_none(play))
    finally:
        victim.resume()
    await play.until_logged(victim, Event.FENCED.value, len(play.harmed), start=start)


async def _has_none(play: Play) -> bool:
    return not await play.running_at(play.on.workers[0])


async def server_killed(play: Play) -> None:
    """Meanwhile jobs end that nobody can see."""
    play.on.server.kill()
    play.let_end()
    await play.until_ended(len(play.jobs) // 2)
    await asyncio.to_thread(play.on.server.start)


async def server_stopped(play: Play) -> None:
    await asyncio.to_thread(play.on.server.terminate)
    await play.until("Not everybody was told to come again", lambda: _all_told(play))
    play.let_end()
    await play.until_ended(len(play.jobs) // 2)
    await asyncio.to_thread(play.on.server.start)


async def _all_told(play: Play) -> bool:
    return all(watch.told["goodbye"] for watch in play.watches if watch.transport in STREAMS)


async def server_frozen(play: Play) -> None:
    play.on.server.stop()
    play.let_end()
    try:
        await asyncio.sleep(play.on.scale.beyond)  # the fault's length
    finally:
        play.on.server.resume()


async def redis_killed(play: Play) -> None:
    """When everything that was accepted has reached the file: a busy disk may take two seconds for that."""
    scale, valkey = play.on.scale, play.on.valkey
    play.let_end()
    await asyncio.sleep(play.accepted + scale.since - time.monotonic())
    with Redis.from_url(valkey.url) as redis:
        while redis.info("persistence").get("aof_buffer_length"):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(LOOK_SECONDS)
    valkey.kill()
    valkey.start()


async def redis_frozen(play: Play) -> None:
    play.on.valkey.freeze()
    play.let_end()
    try:
        await asyncio.sleep(play.on.scale.beyond)  # the fault's length
    finally:
        play.on.valkey.thaw()


async def workers_cut(play: Play) -> None:
    """The server is not."""
    play.on.to_redis.cut(reset=True)
    play.let_end()
    await asyncio.sleep(play.on.scale.cut)  # the fault's length
    play.on.to_redis.mend()


ROWS = (
    Row("worker killed", "the sweep gives its jobs to others", worker_killed),
    Row("worker stopped", "it hands its jobs back, which costs no attempt", worker_stopped, counts=False),
    Row("worker frozen beyond its lease", "the sweep; the claim, without which no write counts", worker_frozen),
    Row("server killed", "jobs don't need it; who comes back is told what it missed", server_killed),
    Row("server stopped", "goodbyes; who comes back is told what it missed", server_stopped),
    Row("server frozen beyond a lease", "jobs don't need it; what was published meanwhile waits for it", server_frozen),
    Row("Redis killed", "its append-only file; everybody connects again", redis_killed, at_once=True, forgets=True),
    Row("Redis frozen beyond a lease", "an end is told again until it was heard", redis_frozen),
    Row(
        "workers cut off from Redis",
        "they connect again and tell what ended; the sweep gives every lease a fresh start",
        workers_cut,
    ),
)
