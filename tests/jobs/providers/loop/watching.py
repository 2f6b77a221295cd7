"""Watching a video: its frames, the parts of its file, and what is told while it is made."""

import asyncio
import io
import threading
from collections.abc import Iterator
from typing import cast

import av
from av.video.reformatter import Colorspace

from storage.records.media import Picture
from tests.support.pictures import Pixels


def frames_of(data: bytes) -> list[Pixels]:
    """All of them, RGB."""
    with av.open(io.BytesIO(data), "r") as container:
        return [
            cast(Pixels, frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709).to_ndarray())
            for frame in container.decode(video=0)
        ]


def boxes_of(data: bytes) -> list[str]:
    """The types of the boxes of an MP4 file, in their order (ISO/IEC 14496-12)."""

    def each() -> Iterator[str]:
        place = 0
        while place < len(data):
            yield data[place + 4 : place + 8].decode()
            place += int.from_bytes(data[place : place + 4], "big")

    return list(each())


class Told:
    """A report that remembers, and says when the first preview has come."""

    def __init__(self) -> None:
        self.progress: list[float] = []
        self.stages: list[str | None] = []
        self.previews: list[Picture] = []
        self.threads: set[int] = set()
        self.first = asyncio.Event()

    async def __call__(
        self, progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        self.progress.append(progress)
        self.stages.append(stage)
        self.threads.add(threading.get_ident())
        if preview is not None:
            self.previews.append(preview)
            self.first.set()
