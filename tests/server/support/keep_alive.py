"""A connection by hand that is kept for several requests."""

import socket
from types import TracebackType
from typing import Self

DEADLINE_SECONDS = 20.0


class KeptAlive:
    """Opened by `with`. Nothing is sent until it is asked for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE_SECONDS)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.send(f"GET {path} HTTP/1.1\r\nHost: limner\r\n{more}\r\n".encode())
        return self.answer()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return int(first.split(" ")[1]), headers, body

    def until(self, words: bytes) -> None:
        """Read until these words have come; they are still to be read."""
        while words not in self._rest:
            self._more()

    def until_closed(self) -> bytes:
        """What still comes up to the end. A reset is an error."""
        while chunk := self.socket.recv(65_536):
            self._rest += chunk
        return self._rest

    def _more(self) -> None:
        chunk = self.socket.recv(65_536)
        if not chunk:
            raise EOFError(f"the server ended the connection; there was still {self._rest!r}")
        self._rest += chunk
