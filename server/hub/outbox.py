"""The one writer of a socket's data frames, and what still waits for the socket to take it.

An event is the whole state, so that of each job only the newest frame need wait: what a slow client costs is bounded by
the jobs it watches. Finals go first.
"""

from typing import Protocol

from server.hub.subscription import Event, Subscription

MESSAGES_WAITING = 64


class Wire(Protocol):
    """A socket as the outbox sees it: it takes bytes at once or has not yet taken the last ones."""

    @property
    def ready(self) -> bool:
        """Everything written so far has left for the kernel, and no close was sent."""
        ...

    def write(self, data: bytes) -> None: ...


class Outbox:
    """Nothing but this writes data frames. Whoever owns the wire calls `flush` when it has become ready again."""

    __slots__ = ("_finals", "_others", "_serial", "_wire")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._finals: dict[Subscription, Event] = {}
        # In the order in which they began to wait; a newer frame of a job takes the place of the older one.
        self._others: dict[Subscription | str, Event | bytes] = {}
        self._serial = 0

    @property
    def empty(self) -> bool:
        return not self._others and not self._finals

    def put_event(self, subscription: Subscription, event: Event) -> None:
        if self.empty and self._wire.ready:
            subscription.seen = event.version
            self._wire.write(event.frame)
            return
        if event.final:
            self._others.pop(subscription, None)
            self._finals[subscription] = event
        else:
            self._finals.pop(subscription, None)  # a person's retry came after it
            self._others[subscription] = event

    def put_missing(self, subscription: Subscription, frame: bytes) -> None:
        """Say of a job that it is not there, in the place of whatever waits of it."""
        if self.empty and self._wire.ready:
            self._wire.write(frame)
            return
        self._finals.pop(subscription, None)
        self._others[subscription] = frame

    def put(self, frame: bytes, slot: str | None = None) -> bool:
        """Send a message that is about no job, after all that waits. Of those with one `slot` the newest stays.

        False: too many wait, and this one was not taken.
        """
        if self.empty and self._wire.ready:
            self._wire.write(frame)
            return True
        if slot is None:
            if sum(type(key) is str for key in self._others) >= MESSAGES_WAITING:
                return False
            self._serial += 1
            slot = f"#{self._serial}"
        self._others[slot] = frame
        return True

    def drop(self, subscription: Subscription) -> None:
        """The job is no longer watched: what waits of it is not sent."""
        self._finals.pop(subscription, None)
        self._others.pop(subscription, None)

    def flush(self) -> None:
        """Write what waits, as long as the wire takes it."""
        wire = self._wire
        while self._finals and wire.ready:
            subscription = next(iter(self._finals))
            event = self._finals.pop(subscription)
            subscription.seen = event.version
            wire.write(event.frame)
        while self._others and not self._finals and wire.ready:
            key = next(iter(self._others))
            waiting = self._others.pop(key)
            if isinstance(waiting, Event):
                assert isinstance(key, Subscription)  # noqa: S101 - for the type checker
                key.seen = waiting.version
                wire.write(waiting.frame)
            else:
                wire.write(waiting)
