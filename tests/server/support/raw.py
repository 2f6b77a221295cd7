"""A WebSocket by hand, for what no library would send: each byte is the test's own."""

import socket
from types import TracebackType
from typing import Self

HANDSHAKE = (
    b"GET %b HTTP/1.1\r\nHost: limner\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT, BINARY, CONTINUATION, CLOSE, PING = 0x1, 0x2, 0x0, 0x8, 0x9

DEADLINE_SECONDS = 20.0


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame as a client sends it, with a mask of zeros."""
    first, length = opcode | (0x80 if fin else 0), len(payload)
    if length < 126:
        head = bytes((first, 0x80 | length))
    elif length < 65_536:
        head = bytes((first, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + length.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class RawSocket:
    """Opened by `with`. `receive_buffer` is what the kernel may hold for us, bytes.

    `status` is what the handshake was answered with; only after it may a client send frames.
    """

    def __init__(self, port: int, path: str = "/ws", *, receive_buffer: int | None = None) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(DEADLINE_SECONDS)
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect(("127.0.0.1", port))
        self._rest = b""
        self.send(HANDSHAKE % path.encode())
        self.status = int(self._head().split(" ")[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_what_fits(self, data: bytes) -> int:
        """Send without waiting. Answers how many bytes were taken."""
        self._socket.setblocking(False)
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        finally:
            self._socket.settimeout(DEADLINE_SECONDS)

    def _head(self) -> str:
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        return head.decode()

    def frame(self) -> tuple[int, bytes]:
        """The next frame of the server: its opcode and payload."""
        head = self._take(2)
        length = head[1]
        if length == 126:
            length = int.from_bytes(self._take(2), "big")
        elif length == 127:
            length = int.from_bytes(self._take(8), "big")
        return head[0] & 0x0F, self._take(length)

    def close_code(self) -> int:
        """Read up to the server's close frame, and answer its code."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")

    def _take(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._more()
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def _more(self) -> None:
        chunk = self._socket.recv(65_536)
        if not chunk:
            raise EOFError(f"the server ended the connection; there was still {self._rest!r}")
        self._rest += chunk
