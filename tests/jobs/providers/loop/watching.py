"""Watching a video: its frames, the parts of its file, and what is told while it is made."""

import io
from collections.abc import Iterator
from typing import cast

import av
from av.video.reformatter import Colorspace

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
