"""The TCP connections of this process: how many there are, and which of them are being waited for."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Protocol

from uvicorn.server import ServerState

from server.hub.stall import Stall
from storage.logs import Event, log_error

KEEP_ALIVE_SECONDS = 65.0
"""Longer than a proxy keeps its idle connections, so that it is never the server that closes one just being used."""
LINGER_SECONDS = 1.0
"""How long a connection that was ended is still heard, for the kernel to take in what its peer was just sending."""
FIRST_BYTE_SECONDS = 0.25
"""How long one that has said nothing yet keeps its place, whoever else wants it."""
LOOKED_AT = 256
"""Of those that have been waited for longest, among so many it is seen who has most."""
LOOKS = 10
"""How often it is looked, in the time that is allowed for that, whether a stalled connection moves."""


class Waiting(Protocol):
    """A connection that it is waited for: for a request, or to take what was written."""

    place: str
    """Where it comes from: one address, or one network of them."""

    @property
    def begun(self) -> bool:
        """A part of a request's head has come."""
        ...

    @property
    def left(self) -> int:
        """Bytes that were written and that the peer has not acknowledged yet."""
        ...

    def time_out(self) -> None: ...
    def give_way(self) -> None: ...
    def end(self) -> None: ...
    def abort(self) -> None: ...


class ConnectionTable(ServerState):
    """What uvicorn shares among its connections, and their deadlines: one sweep instead of a timer for each.

    In each table those stand first that have waited longest.
    """

    def __init__(
        self, *, most: int, request_seconds: float, slow_seconds: float, on_opened: Callable[[], None]
    ) -> None:
        super().__init__()
        self._most = most
        self._request_seconds = request_seconds
        self._slow_seconds = slow_seconds
        self._looked = 0.0
        self.on_opened = on_opened
        self.draining = False
        """Each request is the last one of its connection."""
        self.awaiting_head: dict[Waiting, float] = {}
        self.idle: dict[Waiting, float] = {}
        """Kept alive between two requests."""
        self.ending: dict[Waiting, float] = {}
        self.stalled: dict[Waiting, Stall | None] = {}
        """What was written has not been taken; None: it was not yet looked how much."""

    @property
    def busy(self) -> int:
        """Connections that carry something or soon will: WebSockets, requests, and those that have just come."""
        return len(self.connections) - len(self.idle) - len(self.ending)

    @property
    def overloaded(self) -> bool:
        """Whether there are more connections than this process is made for."""
        return len(self.connections) - len(self.ending) > self._most

    def make_room(self, now: float) -> None:
        """Of more connections than there is room for, end one that carries nothing.

        That is one that only might be used again, else one whose request does not come: the oldest of those who have
        most of these, so that nobody can take all places by it. `now` is the loop's time.
        """
        if not self.overloaded:
            return
        if self.idle:
            next(iter(self.idle)).end()
        elif half_open := self._half_open(now):
            crowd = Counter(connection.place for connection in half_open).most_common(1)[0][0]
            next(connection for connection in half_open if connection.place == crowd).give_way()

    def _half_open(self, now: float) -> list[Waiting]:
        return [
            connection
            for connection, since in islice(self.awaiting_head.items(), LOOKED_AT)
            if connection.begun or now - since >= FIRST_BYTE_SECONDS
        ]

    def forget(self, connection: Waiting) -> None:
        self.awaiting_head.pop(connection, None)
        self.idle.pop(connection, None)
        self.ending.pop(connection, None)
        self.stalled.pop(connection, None)

    def sweep(self, now: float) -> None:
        """End what has been waited for long enough. `now` is the loop's time."""
        for connection in _older(self.awaiting_head, now - self._request_seconds):
            self._try(connection, connection.time_out, now)
        for connection in _older(self.idle, now - KEEP_ALIVE_SECONDS):
            self._try(connection, connection.end, now)
        for connection in _older(self.ending, now - LINGER_SECONDS):
            self._try(connection, connection.abort, now)
        if now - self._looked >= self._slow_seconds / LOOKS:
            self._looked = now
            for connection in list(self.stalled):
                self._try(connection, partial(self._look_at_stall, connection, now), now)

    def _look_at_stall(self, connection: Waiting, now: float) -> None:
        stall, left = self.stalled[connection], connection.left
        if stall is None:
            self.stalled[connection] = Stall(left, now)
        elif stall.lasts(left, now, self._slow_seconds):
            del self.stalled[connection]
            connection.abort()

    def _try(self, connection: Waiting, act: Callable[[], None], now: float) -> None:
        """The fault of one connection is not that of the others. It is still to end."""
        try:
            act()
        except Exception as error:
            self.forget(connection)
            self.ending[connection] = now
            log_error(Event.CRASHED, exception=error)


def _older(waiting: dict[Waiting, float], than: float) -> Iterator[Waiting]:
    while waiting:
        connection, since = next(iter(waiting.items()))
        if since > than:
            return
        del waiting[connection]
        yield connection
