"""The TCP connections of this process: how many there are, and which of them are being waited for."""

from collections.abc import Callable, Iterator
from typing import Protocol

from uvicorn.server import ServerState

KEEP_ALIVE_SECONDS = 65.0
"""Longer than a proxy keeps its idle connections, so that it is never the server that closes one just being used."""
LINGER_SECONDS = 1.0
"""How long a connection that was ended is still heard, for the kernel to take in what its peer was just sending."""


class Waiting(Protocol):
    """A connection on which no request is being answered."""

    def time_out(self) -> None: ...
    def end(self) -> None: ...
    def abort(self) -> None: ...


class ConnectionTable(ServerState):
    """What uvicorn shares among its connections, and their deadlines: one sweep instead of a timer for each.

    In each table those stand first that have waited longest.
    """

    def __init__(self, *, most: int, request_seconds: float, on_opened: Callable[[], None]) -> None:
        super().__init__()
        self._most = most
        self._request_seconds = request_seconds
        self.on_opened = on_opened
        self.draining = False
        """Each request is the last one of its connection."""
        self.awaiting_head: dict[Waiting, float] = {}
        self.idle: dict[Waiting, float] = {}
        """Kept alive between two requests."""
        self.ending: dict[Waiting, float] = {}

    @property
    def busy(self) -> int:
        """Connections that carry something or soon will: WebSockets, requests, and those that have just come."""
        return len(self.connections) - len(self.idle) - len(self.ending)

    @property
    def overloaded(self) -> bool:
        """Whether there are more connections than this process is made for."""
        return len(self.connections) - len(self.ending) > self._most

    def make_room(self) -> None:
        """Of more connections than there is room for, end one that only might be used again."""
        if self.overloaded and self.idle:
            next(iter(self.idle)).end()

    def forget(self, connection: Waiting) -> None:
        self.awaiting_head.pop(connection, None)
        self.idle.pop(connection, None)
        self.ending.pop(connection, None)

    def sweep(self, now: float) -> None:
        """End what has been waited for long enough. `now` is the loop's time."""
        for connection in _older(self.awaiting_head, now - self._request_seconds):
            connection.time_out()
        for connection in _older(self.idle, now - KEEP_ALIVE_SECONDS):
            connection.end()
        for connection in _older(self.ending, now - LINGER_SECONDS):
            connection.abort()


def _older(waiting: dict[Waiting, float], than: float) -> Iterator[Waiting]:
    while waiting:
        connection, since = next(iter(waiting.items()))
        if since > than:
            return
        del waiting[connection]
        yield connection
