"""Threads for calls that block: to S3, and to a disk that may be slow."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from storage.errors import ObjectStoreUnavailable

T = TypeVar("T")


class Threads:
    """At most `most` threads, begun when they are first needed. A call is waited for at most `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="objects")
        self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Raises ObjectStoreUnavailable when the time is over, or these are closed.

        Work that has not begun then, or when the caller is cancelled, is not done; other work is left to itself.
        """
        if self._closed:
            raise ObjectStoreUnavailable("this process has closed it")
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            async with asyncio.timeout(self.seconds):
                return await future
        except TimeoutError:
            raise ObjectStoreUnavailable(f"no answer within {self.seconds:g} s") from None

    def close(self) -> None:
        """What has not begun is not done. Nothing is waited for."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
