"""The conversation with one client, without any I/O: what came in, and the time, to what is to be done.

Times are seconds of one monotonic clock. Whoever owns the socket carries the actions out in their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from server.hub.codes import CloseCode
from server.hub.messages import (
    PING,
    PONG,
    BadMessage,
    Message,
    Ping,
    Subscribe,
    Unsubscribe,
    error,
    hello,
    parse,
    parse_query,
)
from storage.records.ids import JobId

BAD_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may do. Seconds where it is a time."""

    jobs: int = 256
    messages: int = 20
    messages_seconds: float = 10
    idle: float = 30
    ping_interval: float = 25
    silence: float = 60
    slow: float = 10
    retry_window: float = 5

    @property
    def tick(self) -> float:
        """How often time is to be looked at, so that no limit is overstepped by much."""
        return min(1.0, min(self.idle, self.ping_interval, self.silence, self.slow) / 10)


@dataclass(frozen=True, slots=True)
class Watch:
    subscribe: Subscribe


@dataclass(frozen=True, slots=True)
class Unwatch:
    jobs: tuple[JobId, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """Send a ready frame. Of those that have the same `slot` and still wait, the newest stays."""

    frame: bytes
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Close:
    code: CloseCode
    reason: str


Action = Watch | Unwatch | Say | Close


class Connection:
    """One client: which jobs it watches, how often it spoke, how often in a row it spoke badly.

    `due` is when `tick` is to be called next; before, it would have nothing to say.
    """

    __slots__ = ("_bad", "_idle_since", "_limits", "_pinged", "_times", "due", "watched")

    def __init__(self, limits: Limits, now: float) -> None:
        self.watched: set[JobId] = set()
        self._limits = limits
        self._times: list[float] = []
        self._bad = 0
        self._idle_since = now
        self._pinged = now
        self.due = now + min(limits.idle, limits.ping_interval, limits.silence)

    def opened(self, jobs_in_url: Iterable[str]) -> list[Action]:
        """The socket stands. Answers the greeting and what the URL asks for."""
        limits = self._limits
        actions: list[Action] = [Say(hello(limits.ping_interval, limits.retry_window, limits.jobs))]
        wanted, complaints = parse_query(jobs_in_url)
        actions += [Say(error(complaint.code, complaint.message)) for complaint in complaints[:BAD_MESSAGES]]
        if wanted.jobs:
            try:
                actions += self._subscribe(wanted)
            except BadMessage as complaint:
                actions.append(Say(error(complaint.code, complaint.message)))
        return actions

    def received(self, text: str, now: float) -> list[Action]:
        """A text message came."""
        if len(self._times) >= self._limits.messages:
            if now - self._times[0] < self._limits.messages_seconds:
                return [Close(CloseCode.TOO_MANY_MESSAGES, "too many messages")]
            del self._times[0]
        self._times.append(now)
        try:
            actions = self._do(parse(text), now)
        except BadMessage as complaint:
            self._bad += 1
            if self._bad >= BAD_MESSAGES:
                return [Close(CloseCode.BAD_MESSAGES, "ten bad messages in a row")]
            return [Say(error(complaint.code, complaint.message))]
        self._bad = 0
        return actions

    def tick(self, now: float, heard: float) -> list[Action]:
        """Time went by; `heard` is when the peer last gave a sign of life."""
        limits = self._limits
        if now - heard > limits.silence:
            return [Close(CloseCode.SILENT, "no sign of life")]
        if not self.watched and now - self._idle_since > limits.idle:
            return [Close(CloseCode.IDLE, "nothing is watched")]
        actions: list[Action] = []
        if now - self._pinged >= limits.ping_interval:
            self._pinged = now
            actions.append(Say(PING, slot="ping"))
        self.due = min(self._pinged + limits.ping_interval, heard + limits.silence)
        if not self.watched:
            self.due = min(self.due, self._idle_since + limits.idle)
        return actions

    def _do(self, message: Message, now: float) -> list[Action]:
        match message:
            case Subscribe():
                return self._subscribe(message)
            case Unsubscribe(jobs):
                self.watched.difference_update(jobs)
                if not self.watched:
                    self._idle_since = now
                    self.due = min(self.due, now + self._limits.idle)
                return [Unwatch(jobs)]
            case Ping():
                return [Say(PONG, slot="pong")]

    def _subscribe(self, wanted: Subscribe) -> list[Action]:
        if len(self.watched | wanted.jobs.keys()) > self._limits.jobs:
            raise BadMessage("too_many_jobs", f"A connection may watch {self._limits.jobs} jobs.")
        self.watched |= wanted.jobs.keys()
        return [Watch(wanted)]
