"""Ending tasks that talk to Redis.

redis-py may swallow a cancellation that comes in the very moment of an answer (redis-py#3863 and others; tried with
5.3.1: one in a few hundred). A task that is cancelled once and then waited for may therefore be waited for for ever.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

AGAIN_SECONDS = 0.2

T = TypeVar("T")


async def end(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel tasks, again and again, until all have ended. What they raised is not told: their owner has gone."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, however often the one who waits for it is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
