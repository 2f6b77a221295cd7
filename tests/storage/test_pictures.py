"""What a picture says of itself, and base64 of which one is made."""

import base64
import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.pictures import MOST_PIXELS, NoPicture, decoded, head_of
from tests.support.pictures import portrait

WIDTH, HEIGHT = 61, 93
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


def png(width: int, height: int) -> bytes:
    """One that says it has this size."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + bytes(20)


@pytest.mark.parametrize("ending", TYPES)
def test_a_picture_in_base64_is_what_its_bytes_say(ending: str) -> None:
    data = portrait(WIDTH, HEIGHT, ending)

    picture = decoded(base64.b64encode(data).decode())

    assert (picture.data, picture.content_type) == (data, TYPES[ending])
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("before", ["", " ", "\n", "data:image/png;base64,"])
@pytest.mark.parametrize("after", ["", "=", "\n", " ", "!"])
def test_nothing_may_stand_around_base64(before: str, after: str) -> None:
    text = before + base64.b64encode(portrait(WIDTH, HEIGHT)).decode() + after
    if before + after:
        with pytest.raises(NoPicture, match="base64"):
            decoded(text)
    else:
        decoded(text)


@pytest.mark.parametrize("text", ["", "A", "é", "AAAA=", "AAAA====", "AA=A", "\0"])
def test_what_is_no_base64_is_no_picture(text: str) -> None:
    with pytest.raises(NoPicture):
        decoded(text)


def test_a_picture_may_have_forty_megapixels_and_no_more() -> None:
    assert head_of(png(8_000, 5_000)) == ("image/png", 8_000, 5_000)
    assert MOST_PIXELS == 8_000 * 5_000
    with pytest.raises(NoPicture, match="8000×5001 pixels"):
        head_of(png(8_000, 5_001))
    with pytest.raises(NoPicture, match="10000×10000 pixels"):
        decoded(base64.b64encode(png(10_000, 10_000)))


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (2**32 - 1, 2**32 - 1)])
def test_a_size_that_is_none_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NoPicture):
        head_of(png(*size))


@pytest.mark.parametrize("marker", [0x01, 0xD0, 0xD7, 0xD8, 0xD9])
def test_a_jpeg_cannot_show_another_frame_to_us_than_to_its_decoder(marker: int) -> None:
    """A marker without a length is nothing to jump over: what stands right behind it counts for a decoder."""
    great = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, 30_000, 30_000)
    small = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, 10, 10)
    (jump,) = struct.unpack(">H", great[:2])
    data = bytearray(b"\xff\xd8\xff" + bytes([marker]) + great + bytes(jump) + small)
    data[4 + jump : 4 + jump + len(small)] = small

    with pytest.raises(NoPicture):
        head_of(bytes(data))


@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\xff\xd8\xff", b"RIFF0000WEBP"]), st.binary())
def test_bytes_are_a_picture_or_none(head: bytes, rest: bytes) -> None:
    with contextlib.suppress(NoPicture):
        head_of(head + rest)


@given(st.text() | st.binary())
def test_text_is_a_picture_or_none(text: str | bytes) -> None:
    with contextlib.suppress(NoPicture):
        decoded(text)
