"""Frames to a file: H.264 in MP4, as every browser plays it, and the same bytes for the same frames."""

import io
from types import TracebackType

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from jobs.providers.painter.fields import Bytes

CONTENT_TYPE = "video/mp4"

_READ = 1
"""FFmpeg's AVIO_FLAG_READ."""

_OPTIONS = {
    "preset": "faster",
    "crf": "19",
    "profile": "high",
    "threads": "1",  # with another number the bytes are others
    "bf": "0",  # so that the first frame is shown at zero, and the loop has no gap
    "flags": "+bitexact",
}


class Film:
    """A film in memory. `add` each frame, RGB of even sides, and then take its `data`. Not for several threads.

    A context manager: what the encoder holds is free at its end.
    """

    def __init__(self, width: int, height: int, rate: int) -> None:
        self._file = io.BytesIO()
        self._container = av.open(
            self._file,
            "w",
            format="mp4",
            # The index goes before the frames, so that a player can begin with the first bytes.
            options={"movflags": "+faststart", "fflags": "+bitexact"},
            io_open=self._reopened,
        )
        self._stream: VideoStream = self._container.add_stream("libx264", rate=rate, options=dict(_OPTIONS))
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        context = self._stream.codec_context
        context.colorspace = Colorspace.ITU709.value
        context.color_primaries = ColorPrimaries.BT709.value
        context.color_trc = ColorTrc.BT709.value
        context.color_range = ColorRange.MPEG.value

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._container.close()

    def add(self, picture: Bytes) -> None:
        frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        self._container.mux(self._stream.encode(frame))

    def data(self) -> bytes:
        """The whole file. No frame can be added any more."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()

    def _reopened(self, _url: str, flags: int, _options: dict[str, str]) -> io.BytesIO:
        """FFmpeg reads what it has written when it makes room for the index."""
        return io.BytesIO(self._file.getvalue()) if flags & _READ else self._file
