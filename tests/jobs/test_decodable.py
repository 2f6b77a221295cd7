"""Pictures that are small, and would keep a decoder busy for hours or fill the memory."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from jobs.decodable import MOST_SCANS, MOST_SEGMENTS, decodable
from jobs.pixels import pixels_of
from storage.pictures import NoPicture

PICTURE = np.random.default_rng(7).integers(0, 255, (40, 30, 3), np.uint8)


def encoded(ending: str, *options: int) -> bytes:
    written, data = cv2.imencode(ending, PICTURE, options)
    assert written
    return bytes(data)


PROGRESSIVE = encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
SCANS = PROGRESSIVE.count(b"\xff\xda")
LAST_SCAN = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*chunks: bytes) -> bytes:
    """Behind the head, where texts may stand."""
    png = encoded(".png")
    return png[:33] + b"".join(chunks) + png[33:]


@pytest.mark.parametrize(
    "data",
    [
        encoded(".png"),
        encoded(".webp"),
        encoded(".jpg"),
        PROGRESSIVE,
        encoded(".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
        PROGRESSIVE + LAST_SCAN * MOST_SCANS,
    ],
    ids=["PNG", "WebP", "JPEG", "progressive JPEG", "JPEG with restarts", "JPEG with something behind it"],
)
def test_a_picture_like_any_other_goes_to_its_decoder_as_it_is(data: bytes) -> None:
    assert decodable(data) == data
    assert pixels_of(data).shape == PICTURE.shape


def test_texts_of_a_png_are_not_unfolded() -> None:
    folded = zlib.compress(b"a" * 1_000)
    texts = [
        chunk(b"zTXt", b"k\0\0" + folded),
        chunk(b"iTXt", b"k\0\1\0\0\0" + folded),
        chunk(b"iCCP", b"k\0\0" + folded),
    ]

    assert decodable(png_with(*texts, *texts)) == encoded(".png")
    assert (pixels_of(png_with(*texts)) == PICTURE).all()


def test_what_is_transparent_stays_so() -> None:
    clear = np.dstack([PICTURE, PICTURE[..., :1]])
    png = bytes(cv2.imencode(".png", clear)[1])

    assert (pixels_of(decodable(png), cv2.IMREAD_UNCHANGED) == clear).all()


@pytest.mark.parametrize("cut", [0, 7, 8, 9, 20, 33, 40, -13, -5, -1])
def test_a_png_that_ends_too_early_is_read_as_far_as_it_goes(cut: int) -> None:
    png = encoded(".png")
    assert png.startswith(decodable(png[:cut]))


def test_a_jpeg_may_have_as_many_scans_as_any_program_writes_and_no_more() -> None:
    more = MOST_SCANS - SCANS
    assert pixels_of(PROGRESSIVE[:-2] + LAST_SCAN * more + b"\xff\xd9").shape == PICTURE.shape

    with pytest.raises(NoPicture):
        decodable(PROGRESSIVE[:-2] + LAST_SCAN * (more + 1) + b"\xff\xd9")


def test_scans_in_a_thumbnail_are_not_counted() -> None:
    thumbnail = b"Exif\0\0" + b"\xff\xda\0\2" * 2 * MOST_SCANS
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail

    assert pixels_of(PROGRESSIVE[:2] + segment + PROGRESSIVE[2:]).shape == PICTURE.shape


@pytest.mark.parametrize("filler", [b"\xff\xfe\0\2", b"\xff\xff\xff\xfe\0\2", b"\xff\xfe\0\0", b"\xff\x01\xff\xfe\0\2"])
def test_a_jpeg_of_segments_without_end_is_refused(filler: bytes) -> None:
    with pytest.raises(NoPicture):
        decodable(PROGRESSIVE[:2] + filler * MOST_SEGMENTS + PROGRESSIVE[2:])


@pytest.mark.parametrize("end", range(2, 24))
def test_a_jpeg_that_ends_too_early_is_left_to_its_decoder(end: int) -> None:
    assert decodable(PROGRESSIVE[:end]) == PROGRESSIVE[:end]
