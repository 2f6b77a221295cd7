"""The loop as a video provider: from a portrait to a film of a few seconds that comes back to its beginning."""

import threading
import time
from functools import partial

from jobs.errors import InvalidInput
from jobs.providers.base import Report, Task, VideoRequest
from jobs.providers.loop.film import CONTENT_TYPE, Film
from jobs.providers.loop.motion import Motion
from jobs.providers.loop.source import source_of
from jobs.providers.painter.painting import encoded, preview_of
from jobs.providers.threads import News, Stopped, Tell, Threads
from storage.pictures import NoPicture
from storage.records.media import Video

RATE = 24
SECONDS = 4.0
"""One breath: fifteen of them a minute, as somebody breathes who sits for a painter."""

_PREVIEW_PAUSE = 0.25
"""Seconds between two previews at least: encoding more of them would cost more than it shows."""


class Loop:
    """Makes loops itself, with numpy, OpenCV and the H.264 encoder of PyAV. The same request gives the same bytes.

    `threads` is how many are made at once.
    """

    name = "loop"

    def __init__(self, *, threads: int = 1, seconds: float = SECONDS) -> None:
        self._threads = Threads("loop", threads)
        self._frames = round(RATE * seconds)

    async def film(self, request: VideoRequest, report: Report, _task: Task | None = None, /) -> Video:
        """Raises InvalidInput where the portrait is no picture. A cancelled one ends before its next frame."""
        return await self._threads.run(partial(self._work, request), report)

    def close(self) -> None:
        """Tells every film to stop and returns at once; those that still wait for a thread are given up."""
        self._threads.close()

    def _work(self, request: VideoRequest, tell: Tell, stop: threading.Event) -> Video:
        tell(News(0.0, "looking at the portrait"))
        try:
            picture = source_of(request.portrait)
        except NoPicture as error:
            raise InvalidInput("The portrait is no picture that can be set in motion.", detail=str(error)) from error
        height, width = picture.shape[:2]
        motion = Motion(picture, request.seed)
        first, shown = motion.frame(0.0), 0.0
        with Film(width, height, RATE) as film:
            for number in range(self._frames):
                if stop.is_set():
                    raise Stopped
                frame = motion.frame(number / self._frames)
                film.add(frame)
                now, preview = time.monotonic(), None
                if now - shown >= _PREVIEW_PAUSE:
                    preview, shown = preview_of(frame), now
                tell(News((number + 1) / (self._frames + 1), "setting it in motion", preview))
            data = film.data()
        tell(News(1.0, "setting it in motion"))
        return Video(data, CONTENT_TYPE, width, height, self._frames / RATE, encoded(first, "jpeg"))
