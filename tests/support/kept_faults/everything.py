"""The last row of the table: everything breaks while worlds are made."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.support.kept_faults.play import Play, World
from tests.support.s3_faults import Fault

MAKING = 6
PAINTED = 3
REMOVED = 3
SLOW_SECONDS = 0.05


async def everything(play: Play) -> None:
    """Worlds are made all the time, each with its key; what breaks next does so when some more of them are there."""
    await play.paint(PAINTED)
    worlds = play.on.scale.worlds + REMOVED - 1
    left = iter(range(worlds))

    async def make() -> None:
        for _ in left:
            await play.create(1)

    making = [asyncio.create_task(make()) for _ in range(MAKING)]
    try:
        for step, strike in enumerate(STRIKES, start=1):
            wanted = 1 + step * worlds // (len(STRIKES) + 1)
            await play.until(f"No {wanted} worlds", _made(play, wanted))
            await strike(play)
        await asyncio.gather(*making)
    finally:
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
    await play.until_removed()
    await play.let_removals_age()


def _made(play: Play, count: int) -> Callable[[], Awaitable[bool]]:
    async def made() -> bool:
        return len(play.worlds) >= count

    return made


async def _object_store_refuses(play: Play) -> None:
    await play.on.until_at_work()  # none starts without a local folder
    play.on.place.refuse()


async def _worker_killed(play: Play) -> None:
    play.on.workers[0].kill()
    play.on.workers[0].start()


async def _redis_emptied(play: Play) -> None:
    await play.empty_redis()


async def _object_store_slow(play: Play) -> None:
    play.on.place.mend()
    if play.has_bucket:
        play.bucket.faulty.delay = SLOW_SECONDS


async def _postgres_killed(play: Play) -> None:
    play.on.postgres.kill()
    play.on.postgres.start()


async def _worlds_removed(play: Play) -> None:
    for world in _ready(play)[:REMOVED]:
        await play.remove(world)


def _ready(play: Play) -> list[World]:
    return [world for world in play.worlds.values() if None not in play.pictures[world.characters[0]]]


async def _answers_lost(play: Play) -> None:
    if play.has_bucket:
        play.bucket.faulty.fault = Fault.CUT


async def _answers_come(play: Play) -> None:
    play.on.place.mend()


STRIKES = (
    _worker_killed,
    _object_store_refuses,
    _redis_emptied,
    _object_store_slow,
    _postgres_killed,
    _worlds_removed,
    _answers_lost,
    _worker_killed,
    _answers_come,
)
