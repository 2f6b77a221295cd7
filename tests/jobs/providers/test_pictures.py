import contextlib
import struct
from typing import cast

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.providers.painter.fields import Bytes
from jobs.providers.pictures import picture_of
from storage.pictures import NoPicture
from storage.records.media import PictureFormat

WIDTH, HEIGHT = 61, 93
CONTENT_TYPES: dict[PictureFormat, str] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


def encoded(ending: str, *options: int, alpha: bool = False) -> bytes:
    canvas = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 4 if alpha else 3), np.uint8)
    done, data = cv2.imencode(ending, canvas, list(options))
    assert done
    return data.tobytes()


def pixels(data: bytes) -> Bytes:
    canvas = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert canvas is not None
    return cast(Bytes, canvas)


PICTURES: dict[str, tuple[PictureFormat, bytes]] = {
    "png": ("png", encoded(".png")),
    "jpeg": ("jpeg", encoded(".jpg")),
    "progressive jpeg": ("jpeg", encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
    "lossy webp": ("webp", encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 50)),
    "lossless webp": ("webp", encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 101)),
    "webp with alpha": ("webp", encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, 50, alpha=True)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_itself_what_it_is_and_how_large(name: str) -> None:
    kind, data = PICTURES[name]

    picture = picture_of(data, kind)

    assert (picture.content_type, picture.width, picture.height) == (CONTENT_TYPES[kind], WIDTH, HEIGHT)
    assert picture.data is data


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("wanted", CONTENT_TYPES)
def test_a_picture_is_given_in_the_format_that_is_wanted(name: str, wanted: PictureFormat) -> None:
    picture = picture_of(PICTURES[name][1], wanted)

    assert (picture.content_type, picture.width, picture.height) == (CONTENT_TYPES[wanted], WIDTH, HEIGHT)
    assert pixels(picture.data).shape == (HEIGHT, WIDTH, 3)


def test_its_colours_stay() -> None:
    done, data = cv2.imencode(".png", np.full((8, 8, 3), (250, 10, 20), np.uint8))
    assert done

    picture = picture_of(data.tobytes(), "webp")

    blue, green, red = pixels(picture.data)[4, 4]
    assert (blue > 200, green < 60, red < 60) == (True, True, True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not found</html>",
        b"GIF89a" + bytes(100),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x00" + bytes(20),
        b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(4),
        b"RIFF\x00\x00\x00\x00WEBPVP9 " + bytes(40),
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 0, 5) + bytes(20),
    ],
    ids=repr,
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NoPicture):
        picture_of(data, "png")


def test_a_picture_that_would_unfold_to_far_too_much_is_refused_unread() -> None:
    bomb = bytearray(PICTURES["png"][1])
    bomb[16:24] = struct.pack(">II", 30_000, 30_000)

    with pytest.raises(NoPicture, match="30000×30000"):
        picture_of(bytes(bomb), "webp")


def test_a_head_without_pixels_is_refused_where_they_are_needed() -> None:
    with pytest.raises(NoPicture):
        picture_of(PICTURES["png"][1][:40], "webp")


@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\xff\xd8\xff", b"RIFF0000WEBP"]), st.binary())
def test_no_bytes_do_any_harm(head: bytes, rest: bytes) -> None:
    with contextlib.suppress(NoPicture):
        picture_of(head + rest, "png")
