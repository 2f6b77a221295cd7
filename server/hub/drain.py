"""Going away: everybody who holds a connection is sent off, one after the other, evenly over a window."""

import asyncio
from typing import Protocol

from server.hub.counters import Counters
from storage.logs import Event, log_error

RETRY_AFTER_SECONDS = 1.0
"""When a server that stops is there again at the earliest; clients add their share of the retry window."""
GRAIN_SECONDS = 0.01
"""How late a guest may be told and the next one still in time: a timer is not more exact than that."""
BREATH = 500
"""Guests told in one turn of the loop where there is no window."""


class Guest(Protocol):
    """Whoever holds a connection for longer than it takes to answer: a WebSocket, an event stream, a held request."""

    def go_away(self) -> None:
        """Say goodbye and end, without waiting. Called once."""


class Drain:
    """Knows all guests of this process. `enter` and `leave` in pairs; both cost nothing."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._guests: dict[Guest, None] = {}
        self._running = False
        self.begun = False
        """Nobody new is to be let in."""
        self.sent_off = 0
        """Guests that were told to go."""

    def enter(self, guest: Guest) -> None:
        if self.begun and not self._running:
            self.sent_off += 1
            guest.go_away()
        else:
            self._guests[guest] = None

    def leave(self, guest: Guest) -> None:
        self._guests.pop(guest, None)

    def __len__(self) -> int:
        return len(self._guests)

    async def run(self, seconds: float) -> None:
        """Send all guests off within `seconds`, at an even rate; 0: at once. Returns when the last was told.

        What a pause of the loop has delayed is caught up with at twice that rate at the most: the clients must not come
        upon the next server all at once. Those who leave by themselves meanwhile are not waited for.
        """
        self.begun = self._running = True
        loop = asyncio.get_running_loop()
        begun = due = loop.time()
        even = seconds / max(1, len(self._guests))
        told = 0
        while self._guests:
            if (pause := due - loop.time()) > 0:
                await asyncio.sleep(max(pause, GRAIN_SECONDS / 10))
                continue
            guest = next(iter(self._guests))
            del self._guests[guest]
            self.sent_off += 1
            try:
                guest.go_away()
            except Exception as error:  # one guest's fault must not cut off all others
                log_error(Event.CRASHED, exception=error)
            told += 1
            if not even and told % BREATH == 0:
                await asyncio.sleep(0)
            now = loop.time()
            self._counters.drain_seconds = now - begun
            left = (begun + seconds - now) / max(1, len(self._guests))
            due = max(due, now - GRAIN_SECONDS) + min(max(left, even / 2), even)
        self._running = False
