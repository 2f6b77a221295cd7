"""The painter as a portrait provider: paints in a thread of its own, tells of it on the event loop, and can be
stopped."""

import threading
import time
from functools import partial
from math import ceil

from jobs.providers.base import PortraitRequest, Report, Task
from jobs.providers.painter.painting import encoded, paint_portrait, preview_of
from jobs.providers.threads import News, Stopped, Tell, Threads
from storage.records.media import Picture

_SLICES = 24
_SECONDS_A_SLICE = 0.5
_PREVIEW_PAUSE = 0.1
"""Seconds between two previews at least: encoding more of them would cost more than it shows."""


class Painter:
    """Paints portraits itself, with numpy and OpenCV only. The same request gives the same bytes.

    `seconds` spreads the strokes of each portrait evenly over at least that time. `threads` is how many portraits are
    painted at once. OpenCV's own threads are a setting of the process: `cv2.setNumThreads`.
    """

    name = "painter"

    def __init__(self, *, seconds: float = 0.0, threads: int = 1) -> None:
        self._seconds = seconds
        self._threads = Threads("painter", threads)

    async def paint(self, request: PortraitRequest, report: Report, _task: Task | None = None, /) -> Picture:
        """Raises whatever went wrong while painting; `Stopped` or RuntimeError once the painter is closed. Where the
        task is cancelled or `report` raises, the thread stops before its next few strokes, and has stopped when this
        ends."""
        return await self._threads.run(partial(self._work, request), report)

    def close(self) -> None:
        """Tells every painting to stop and returns at once; those that still wait for a thread are given up."""
        self._threads.close()

    def _work(self, request: PortraitRequest, tell: Tell, stop: threading.Event) -> Picture:
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
