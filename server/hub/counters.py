"""What the hub counts. Plain integers, for they are raised on the way of every event; `server.metrics` reads them."""

from collections import Counter, deque
from enum import StrEnum

SAMPLES = 1024
"""So many measured values are kept until they are read; what comes beyond that pushes the oldest out."""


class Transport(StrEnum):
    """How somebody is connected."""

    WEBSOCKET = "websocket"
    EVENTS = "events"
    WAIT = "wait"


class Unstored(StrEnum):
    """Why a submission could not be stored."""

    FULL = "full"
    AWAY = "away"


class Limit(StrEnum):
    """What a submission was refused for, though nothing was wrong with it."""

    OWNER = "owner"
    """Too many of one owner in a short time."""
    ADDRESS = "address"
    """Too many from one address in a short time."""
    PICTURES = "pictures"
    """The owner's pictures of the day."""
    BUDGET = "budget"
    """The provider's budget of the day."""
    QUEUE = "queue"
    """Too many jobs wait."""


class Resync(StrEnum):
    """Why everything that is watched was read again."""

    LOST = "lost"
    """The connection was lost."""
    PROBE = "probe"
    """The connection stood, but a probe did not come back, or what was found missing was not mended by reading it."""


class Refusal(StrEnum):
    """Why a connection was not let in."""

    FULL = "full"
    CROWDED = "crowded"
    DRAINING = "draining"
    ORIGIN = "origin"


class Counters:
    """Of one process, from its start on."""

    __slots__ = (
        "accepted",
        "closed",
        "drain_seconds",
        "finds",
        "frames",
        "lags",
        "limited",
        "merged",
        "probes",
        "reconnects",
        "refused",
        "resyncs",
        "retried",
        "too_slow",
        "unstored",
    )

    def __init__(self) -> None:
        self.accepted: Counter[Transport] = Counter()
        """Connections that were let in."""
        self.refused: Counter[Refusal] = Counter()
        self.closed: Counter[int] = Counter()
        """WebSockets that ended, by what `server.hub.codes.counted` makes of the code."""
        self.frames = 0
        """States and messages that were handed to a socket."""
        self.merged = 0
        """States that never left, because a newer one of the same job took their place while they waited."""
        self.too_slow = 0
        self.unstored: Counter[Unstored] = Counter()
        """Submissions that were refused because of the store."""
        self.limited: Counter[Limit] = Counter()
        """Submissions, and calls to repeat jobs, that were refused because a limit was reached."""
        self.retried = 0
        """Jobs that somebody had tried again."""
        self.finds = 0
        """Differences that only the backstop found. Must stay 0."""
        self.reconnects = 0
        """Event connections made after the first."""
        self.resyncs: Counter[Resync] = Counter()
        self.lags: deque[float] = deque(maxlen=SAMPLES)
        """Seconds from an event's version, which is Redis' clock, to its being handed on. A sample."""
        self.probes: deque[float] = deque(maxlen=SAMPLES)
        """Seconds that a probe took to come back."""
        self.drain_seconds = 0.0
        """How long the drain has taken, or has taken so far."""
