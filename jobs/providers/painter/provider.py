"""The painter as a portrait provider: paints in a thread of its own, tells of it on the event loop, and can be
stopped."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil

from jobs.providers.base import PortraitRequest, Report, Task
from jobs.providers.painter.painting import encoded, paint_portrait, preview_of
from storage.records.media import Picture

_SLICES = 24
_SECONDS_A_SLICE = 0.5
_PREVIEW_PAUSE = 0.1
"""Seconds between two previews at least: encoding more of them would cost more than it shows."""


class Stopped(Exception):
    """The painting was told to stop."""


@dataclass(frozen=True, slots=True)
class News:
    progress: float
    stage: str
    preview: Picture | None


class Painter:
    """Paints portraits itself, with numpy and OpenCV only. The same request gives the same bytes.

    `seconds` spreads the strokes of each portrait evenly over at least that time. `threads` is how many portraits are
    painted at once. OpenCV's own threads are a setting of the process: `cv2.setNumThreads`.
    """

    name = "painter"

    def __init__(self, *, seconds: float = 0.0, threads: int = 1) -> None:
        self._seconds = seconds
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="painter")
        self._stops: set[threading.Event] = set()

    async def paint(self, request: PortraitRequest, report: Report, _task: Task | None = None, /) -> Picture:
        """Raises whatever went wrong while painting; `Stopped` or RuntimeError once the painter is closed. Where the
        task is cancelled or `report` raises, the thread stops before its next few strokes, and has stopped when this
        ends."""
        loop = asyncio.get_running_loop()
        stop = threading.Event()
        news: asyncio.Queue[News | None] = asyncio.Queue()
        job = self._executor.submit(
            self._work, request, lambda item: loop.call_soon_threadsafe(news.put_nowait, item), stop
        )
        self._stops.add(stop)
        painting = asyncio.wrap_future(job)
        painting.add_done_callback(lambda _: news.put_nowait(None))
        try:
            while (item := await news.get()) is not None:
                await report(item.progress, item.stage, item.preview)
            return await asyncio.shield(painting)
        except asyncio.CancelledError:
            if job.cancelled():
                raise Stopped from None
            raise
        finally:
            stop.set()
            self._stops.discard(stop)
            if not job.cancel():
                await asyncio.wait([painting])
                if not painting.cancelled():
                    painting.exception()

    def close(self) -> None:
        """Tells every painting to stop and returns at once; those that still wait for a thread are given up."""
        for stop in list(self._stops):
            stop.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _work(self, request: PortraitRequest, tell: Callable[[News], object], stop: threading.Event) -> Picture:
        start = time.monotonic()
        shown = 0.0
        slices = max(_SLICES, ceil(self._seconds / _SECONDS_A_SLICE))
        canvas = None
        for step in paint_portrait(request, slices):
            if stop.wait(max(0.0, start + self._seconds * step.painted - time.monotonic())):
                raise Stopped
            canvas = step.canvas
            now = time.monotonic()
            preview = None
            if canvas is not None and (now - shown >= _PREVIEW_PAUSE or step.progress == 1.0):
                preview, shown = preview_of(canvas), now
            tell(News(step.progress, step.stage, preview))
        if canvas is None:
            raise RuntimeError("the painting ended without a canvas")
        return encoded(canvas, request.format)
