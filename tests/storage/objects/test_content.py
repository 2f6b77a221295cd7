from io import BytesIO

import av
import cv2
import numpy as np
import pytest

from storage.objects.content import HEAD_BYTES, UNKNOWN, content_type_of


def encoded(ending: str) -> bytes:
    fine, data = cv2.imencode(ending, np.zeros((8, 8, 3), np.uint8))
    assert fine
    return data.tobytes()


@pytest.mark.parametrize(
    ("ending", "content_type"), [(".png", "image/png"), (".jpg", "image/jpeg"), (".webp", "image/webp")]
)
def test_a_picture_is_known_by_its_first_bytes(ending: str, content_type: str) -> None:
    assert content_type_of(encoded(ending)[:HEAD_BYTES]) == content_type


@pytest.mark.parametrize(
    ("format", "codec", "content_type"), [("mp4", "libx264", "video/mp4"), ("webm", "libvpx", "video/webm")]
)
def test_a_video_is_known_by_its_first_bytes(format: str, codec: str, content_type: str) -> None:
    file = BytesIO()
    with av.open(file, "w", format=format) as container:
        stream = container.add_stream(codec, rate=5)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

    assert content_type_of(file.getvalue()[:HEAD_BYTES]) == content_type


def test_both_kinds_of_gif_are_known() -> None:
    assert content_type_of(b"GIF87a" + bytes(20)) == content_type_of(b"GIF89a" + bytes(20)) == "image/gif"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
        b"\0\0\0\x14ftypqt  \0\0\0\0",
        b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska",
        b"  \x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_such_file_is_bytes_and_nothing_else(data: bytes) -> None:
    assert content_type_of(data) == UNKNOWN
