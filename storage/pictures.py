"""What a picture says of itself: its kind by its first bytes, and its size. Names and senders are not asked."""

import binascii
import struct

from storage.records.media import Picture

MOST_PIXELS = 40_000_000
"""Twenty megabytes of PNG can unfold to far more than a machine has."""


class NoPicture(Exception):
    """These bytes are no PNG, JPEG or WebP, or one that is far too large. The text says why."""


def head_of(data: bytes) -> tuple[str, int, int]:
    """Content type, width and height, by the first bytes alone. Raises NoPicture."""
    try:
        content_type, width, height = _head(data)
    except (struct.error, IndexError):
        raise NoPicture("it ends in its head") from None
    if not 0 < width * height <= MOST_PIXELS:
        raise NoPicture(f"{width}×{height} pixels")
    return content_type, width, height


def decoded(base64: str | bytes) -> Picture:
    """The picture that is written in base64, without line breaks and without `data:` before it. Raises NoPicture."""
    try:
        data = binascii.a2b_base64(base64, strict_mode=True)
    except ValueError:
        data = b""
    if not data or len(base64) % 4:
        raise NoPicture("it is not base64")
    content_type, width, height = head_of(data)
    return Picture(data, content_type, width, height)


def _head(data: bytes) -> tuple[str, int, int]:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return "image/png", *struct.unpack_from(">II", data, 16)
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", *_jpeg_size(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", *_webp_size(data)
    raise NoPicture("it is neither PNG, JPEG nor WebP")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """From the frame header, the first of the markers C0 to CF that is one (ITU-T T.81, table B.1)."""
    place = 2
    while True:
        while data[place] == 0xFF:
            place += 1
        marker = data[place]
        if marker == 0x01 or 0xD0 <= marker <= 0xD9:
            # These have no length. A decoder goes on behind them, and would find another frame than we do.
            raise NoPicture("a JPEG without a frame")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 4)
            return width, height
        (length,) = struct.unpack_from(">H", data, place + 1)
        place += 1 + length
        if length < 2 or data[place] != 0xFF:
            raise NoPicture("a JPEG without a frame")


def _webp_size(data: bytes) -> tuple[int, int]:
    """From the first chunk: lossy, lossless or extended (RFC 9649)."""
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            if len(data) < 30:
                raise NoPicture("it ends in its head")
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case other:
            raise NoPicture(f"it is a WebP of an unknown kind, {other!r}")
