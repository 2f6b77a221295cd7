"""Going away: everybody who holds a connection is sent off, one after the other, evenly over a window."""

import asyncio
from typing import Protocol

from server.hub.counters import Counters


class Guest(Protocol):
    """Whoever holds a connection for longer than it takes to answer: a WebSocket, an event stream, a held request."""

    def go_away(self) -> None:
        """Say goodbye and end, without waiting. Called once."""


class Drain:
    """Knows all guests of this process. `enter` and `leave` in pairs; both cost nothing."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._guests: dict[Guest, None] = {}
        self.begun = False

    def enter(self, guest: Guest) -> None:
        self._guests[guest] = None
        if self.begun:
            guest.go_away()

    def leave(self, guest: Guest) -> None:
        self._guests.pop(guest, None)

    def __len__(self) -> int:
        return len(self._guests)

    async def run(self, seconds: float) -> None:
        """Send all guests off within `seconds`, at an even rate; 0: at once. Returns when the last was told."""
        self.begun = True
        loop = asyncio.get_running_loop()
        begun = loop.time()
        guests, self._guests = list(self._guests), {}
        for number, guest in enumerate(guests):
            pause = begun + seconds * number / len(guests) - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            guest.go_away()
        self._counters.drain_seconds = loop.time() - begun
