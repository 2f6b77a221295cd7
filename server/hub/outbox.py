"""The one writer of a socket's data frames, and what still waits for the socket to take it.

An event is the whole state, so that of each job only the newest frame need wait: what a slow client costs is bounded by
the jobs it watches. Finals go first.
"""

from typing import Protocol

from server.hub.counters import Counters
from server.hub.subscription import Event, Subscription
from storage.records.encoding import NO_VERSION

MESSAGES_WAITING = 64

AWAY = "unavailable"
"""The slot of the message that a state takes back: it never comes after one that was put later."""


class Wire(Protocol):
    """A socket as the outbox sees it: it takes bytes at once or has not yet taken the last ones."""

    @property
    def ready(self) -> bool:
        """Everything written so far has left for the kernel, and no close was sent."""
        ...

    def write(self, data: bytes, /) -> None: ...


class Outbox:
    """Nothing but this writes data frames. Whoever owns the wire calls `flush` when it has become ready again.

    `counters` get the frames that were written and those that others took the place of.
    """

    __slots__ = ("_away_first", "_counters", "_finals", "_serial", "_waiting", "_wire")

    def __init__(self, wire: Wire, counters: Counters | None = None) -> None:
        self._wire = wire
        self._counters = counters if counters is not None else Counters()
        # In the order in which they began to wait; a newer frame of a job takes the place of the older one, so that
        # `subscribed` stays behind the states that it speaks of.
        self._waiting: dict[Subscription | str, Event | bytes] = {}
        self._finals: dict[Subscription, None] = {}
        self._away_first = False
        """A state waits that takes back what waits in AWAY, and that may be written before its turn."""
        self._serial = 0

    @property
    def empty(self) -> bool:
        return not self._waiting

    def put_event(self, subscription: Subscription, event: Event) -> None:
        """Send a job's state, in the place of whatever waits of that job."""
        wire = self._wire
        if wire.ready and not self._waiting:
            subscription.seen = event.version
            wire.write(event.frame)
            self._counters.frames += 1
            return
        self._wait(subscription, event)
        if event.final:
            self._finals[subscription] = None
        else:
            self._finals.pop(subscription, None)  # a person's retry came after it

    def put_missing(self, subscription: Subscription, frame: bytes) -> None:
        """Say of a job that it is not there, in the place of whatever waits of it."""
        if self._wire.ready and not self._waiting:
            self._write(subscription, frame)
            return
        self._wait(subscription, frame)
        self._finals.pop(subscription, None)

    def put(self, frame: bytes, slot: str | None = None) -> bool:
        """Send a message that is about no job, after all that waits. Of those with one `slot` the newest stays.

        False: too many wait, and this one was not taken.
        """
        if self._wire.ready and not self._waiting:
            self._write(None, frame)
            return True
        if slot is None:
            if sum(type(key) is str for key in self._waiting) >= MESSAGES_WAITING:
                return False
            self._serial += 1
            slot = f"#{self._serial}"
        elif slot == AWAY:
            self._waiting.pop(AWAY, None)  # it speaks of another loss than the one that waited
            self._away_first = False
        self._waiting[slot] = frame
        return True

    def drop(self, subscription: Subscription) -> None:
        """Nothing that waits of this job is to be sent."""
        self._waiting.pop(subscription, None)
        self._finals.pop(subscription, None)

    def flush(self) -> None:
        """Write what waits, as long as the wire takes it."""
        while self._waiting and self._wire.ready:
            key = AWAY if self._away_first else next(iter(self._finals or self._waiting))
            waiting = self._waiting.pop(key)
            if key == AWAY:
                self._away_first = False
            if isinstance(key, Subscription):
                self._finals.pop(key, None)
                self._write(key, waiting)
            else:
                self._write(None, waiting)

    def _wait(self, subscription: Subscription, news: Event | bytes) -> None:
        self._away_first = AWAY in self._waiting
        self._counters.merged += subscription in self._waiting
        self._waiting[subscription] = news

    def _write(self, subscription: Subscription | None, news: Event | bytes) -> None:
        """A message, or a job's state or the frame that says there is none, which its watcher has from now on."""
        if subscription is not None:
            subscription.seen = news.version if isinstance(news, Event) else NO_VERSION
        self._wire.write(news.frame if isinstance(news, Event) else news)
        self._counters.frames += 1
