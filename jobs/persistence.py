"""Waiting for Redis: what has to be written is written, however long Redis is away."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.errors import StoreUnavailable

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0

T = TypeVar("T")


async def persistently(call: Callable[[], Awaitable[T]]) -> T:
    """What `call` returns, tried again with full jitter while Redis is away. Everything else it raises passes."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await call()
        except StoreUnavailable:
            await asyncio.sleep(random.uniform(0, pause))
            pause = min(LONGEST_PAUSE, pause * 2)
