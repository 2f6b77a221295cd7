"""Work that keeps a core busy: done in threads of its own, told of on the event loop, and stopped where nobody wants it
any more."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from jobs.providers.base import Report
from storage.records.media import Picture
from storage.tasks import unbroken

T = TypeVar("T")


class Stopped(Exception):
    """The work was told to stop."""


@dataclass(frozen=True, slots=True)
class News:
    progress: float
    stage: str
    preview: Picture | None = None


Tell = Callable[[News], object]
"""Handed to the work, and called in its thread."""


class Threads:
    """Does the work of one provider, `at_once` pieces of it at the same time. `name` begins those of its threads."""

    def __init__(self, name: str, at_once: int) -> None:
        self._executor = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._stops: set[threading.Event] = set()

    async def run(self, work: Callable[[Tell, threading.Event], T], report: Report) -> T:
        """What `work` returns. It looks at its event from time to time, and raises `Stopped` once that is set.

        Raises whatever goes wrong in it; `Stopped` or RuntimeError once the threads are closed. Where the task is
        cancelled or `report` raises, the work is told to stop, and has stopped when this ends.
        """
        loop = asyncio.get_running_loop()
        stop = threading.Event()
        news: asyncio.Queue[News | None] = asyncio.Queue()
        job = self._executor.submit(work, lambda item: loop.call_soon_threadsafe(news.put_nowait, item), stop)
        self._stops.add(stop)
        working = asyncio.wrap_future(job)
        working.add_done_callback(lambda _: news.put_nowait(None))
        try:
            while (item := await news.get()) is not None:
                await report(item.progress, item.stage, item.preview)
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            if job.cancelled():
                raise Stopped from None
            raise
        finally:
            stop.set()
            self._stops.discard(stop)
            if not job.cancel():
                await unbroken(asyncio.wait([working]))
                if not working.cancelled():
                    working.exception()

    def close(self) -> None:
        """Tells all work to stop and returns at once; what still waits for a thread is given up."""
        for stop in list(self._stops):
            stop.set()
        self._executor.shutdown(wait=False, cancel_futures=True)
