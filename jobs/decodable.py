"""What of a picture a decoder is given: nothing that takes time or memory out of all proportion to its size.

A file of one megabyte may hold a thousand megabytes of compressed text, or ten thousand scans of the same picture.
"""

import re
import struct

from storage.pictures import NoPicture

MOST_SCANS = 64
"""Of a JPEG. Each goes over the whole picture; those that grow clear step by step have about ten."""
MOST_SEGMENTS = 1_000

_PNG = b"\x89PNG\r\n\x1a\n"
_UNFOLDING = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
"""But those that have no length. Behind FF in the data of a scan there is always a zero."""
_END, _SCAN = 0xD9, 0xDA


def decodable(data: bytes) -> bytes:
    """The picture, as far as its pixels need it. Raises NoPicture for one that is made to keep a decoder busy."""
    if data.startswith(_PNG):
        return _without_texts(data)
    if data.startswith(b"\xff\xd8"):
        _check_scans(data)
    return data


def _without_texts(png: bytes) -> bytes:
    kept, place = bytearray(_PNG), len(_PNG)
    while place < len(png) - 11:
        length, kind = struct.unpack_from(">I4s", png, place)
        following = place + 12 + length
        if kind not in _UNFOLDING:
            kept += png[place:following]
        place = following
    return bytes(kept)


def _check_scans(jpeg: bytes) -> None:
    """Goes from marker to marker (ITU-T T.81, annex B), as a decoder does."""
    scans, place = 0, 2
    for _ in range(MOST_SEGMENTS):
        found = _MARKER.search(jpeg, place)
        if found is None or found[1][0] == _END or found.end() + 2 > len(jpeg):
            return
        scans += found[1][0] == _SCAN
        if scans > MOST_SCANS:
            break
        place = found.end() + struct.unpack_from(">H", jpeg, found.end())[0]
    raise NoPicture("a JPEG of more parts than any camera or program writes")
