"""MessagePack of what `json.loads` answers, with room for what the publisher fills in.

No library serves here: it would write down the length of a hole and not of what is going to stand in it.
"""

import struct

from bench.hub.target import width


def packed(value: object) -> bytes:
    """Raises TypeError for what JSON does not know, ValueError for what has no place in an event."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int() if 0 <= value < 128:
            return bytes([value])
        case int():
            return b"\xd3" + struct.pack(">q", value)
        case float():
            return b"\xcb" + struct.pack(">d", value)
        case str():
            text = value.encode()
            size = width(text)
            return (bytes([0xD9, size]) if 32 <= size < 256 else _head(size, 0xA0, 32, 0xDA)) + text
        case list():
            return _head(len(value), 0x90, 16, 0xDC) + b"".join(map(packed, value))
        case dict():
            return _head(len(value), 0x80, 16, 0xDE) + b"".join(packed(one) for pair in value.items() for one in pair)
    raise TypeError(f"{type(value).__name__} is nothing that JSON knows")


def _head(size: int, short: int, shorts: int, long: int) -> bytes:
    if size < shorts:
        return bytes([short | size])
    if size < 1 << 16:
        return struct.pack(">BH", long, size)
    raise ValueError(f"{size} bytes are too many for an event")
