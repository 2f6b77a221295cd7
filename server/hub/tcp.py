"""What asyncio does not tell, or does not do, about the TCP connection under a transport."""

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios

UNSENT_BYTES = 16 * 1024
"""TCP_NOTSENT_LOWAT: without it the kernel holds megabytes of frames that were overtaken long ago."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: the kernel, too, lets go of what was not sent."""


def hold_little(transport: asyncio.Transport) -> None:
    """Have the kernel take little more than the peer does, so that what is overtaken can still be left out."""
    transport.set_write_buffer_limits(high=0)
    raw = _tcp(transport)
    if raw is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def miss_after(transport: asyncio.Transport, seconds: float) -> None:
    """Have the kernel give up a peer that acknowledges nothing of what was sent, or takes nothing, for so long."""
    raw = _tcp(transport)
    if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def left(transport: asyncio.WriteTransport) -> int:
    """Bytes that were written and that the peer has not acknowledged yet."""
    unacknowledged = bytearray(4)
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is None:
        return transport.get_write_buffer_size()
    try:
        fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, unacknowledged)
    except (OSError, ValueError):  # a system that does not tell, or a connection that is gone
        return transport.get_write_buffer_size()
    return transport.get_write_buffer_size() + int(struct.unpack("i", unacknowledged)[0])


def drop(transport: asyncio.Transport) -> None:
    """End the connection at once, and with it all that the peer has not taken."""
    raw = _tcp(transport)
    if raw is not None:
        with contextlib.suppress(OSError, ValueError):  # it is closed already
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def _tcp(transport: asyncio.BaseTransport) -> "socket.socket | None":
    raw: socket.socket | None = transport.get_extra_info("socket")
    return raw if raw is not None and raw.family != socket.AF_UNIX else None
