"""What a strike waits for, seen past Limner."""

import asyncio

from tests.support.kept_faults.play import Play
from tests.support.limner import Worker
from tests.support.s3_faults import S3Request


def is_put(request: S3Request) -> bool:
    return request.method == "PUT"


def is_put_or_deletion(request: S3Request) -> bool:
    return request.method in ("PUT", "POST", "DELETE")


async def until_put(play: Play, count: int | None = None, *, start: int = 0) -> Worker:
    """A worker that puts, once so many puts have come, or one for each picture."""
    wanted = start + (play.count if count is None else count)

    async def came() -> bool:
        return len(play.bucket.faulty.requests("PUT")) >= wanted

    await play.until("The pictures are not put", came)
    return await play.until_uploading()


async def came(play: Play, count: int) -> bool:
    return len(play.bucket.faulty.seen) >= count


async def nowhere(play: Play, victim: Worker, jobs: set[str]) -> bool:
    return not await play.on.running_at(victim, jobs)


async def stored(play: Play) -> bool:
    return len(await asyncio.to_thread(play.bucket.keys)) == play.count


async def more_than(play: Play, before: set[str], count: int) -> bool:
    return len(set(await asyncio.to_thread(play.bucket.keys)) - before) == count


async def at_landing(play: Play) -> bool:
    return await play.on.postgres.at_landing() == play.count


async def was_refused(play: Play) -> bool:
    return play.refused > 0


async def is_painted(play: Play) -> bool:
    keys = [key async for key in play.on.redis.scan_iter(f"{play.on.keys.portrait_stem}*")]
    return bool(keys)


async def being_painted(play: Play, count: int) -> bool:
    running = play.on.keys.running_kind("portrait")
    return bool(await play.on.redis.scard(running) == count)  # type: ignore[misc]


async def waiting(play: Play) -> bool:
    return bool(await play.on.redis.zcard(play.on.keys.delayed))


async def deleting(play: Play) -> bool:
    return any(request.method in ("POST", "DELETE") for request in play.bucket.faulty.seen)
