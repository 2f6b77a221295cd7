"""`GET /events`: Server-Sent Events (WHATWG HTML, section 9.2) for programs, over the same hub.

An event's name is the `type` of the message that a WebSocket would send, its data the rest of that message; of a `job`
the record itself.
"""

import asyncio
import json
import random
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import Scope, Send

from server.hub.connection import Limits
from server.hub.counters import Counters, Transport
from server.hub.drain import RETRY_AFTER_SECONDS, Drain
from server.hub.http_wire import HttpWire, wire_of
from server.hub.hub import Hub
from server.hub.messages import UNAVAILABLE, goodbye, hello, subscribed, unknown
from server.hub.outbox import AWAY, Outbox
from server.hub.stall import Stall
from server.hub.subscription import Event, Subscription
from storage.logs import Event as LogEvent
from storage.logs import log_error
from storage.records.encoding import NO_VERSION, json_of
from storage.records.ids import JobId

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Connection": "close",
}
COMMENT = b":\n\n"
BREATH = 500
"""Streams looked after in one turn of the loop."""


class Block(Event):
    """An event as an event stream has it."""

    __slots__ = ()

    def __init__(self, event: Event) -> None:
        self.record, self.version, self.final = event.record, event.version, event.final
        self.frame = b"event: job\ndata: " + json_of(event.record) + b"\n\n"


def block(frame: bytes) -> bytes:
    """A message of a WebSocket, in its frame, as an event."""
    message = json.loads(frame[frame.index(b'{"type"') :])
    name = message.pop("type")
    return f"event: {name}\ndata: {json.dumps(message, separators=(',', ':'))}\n\n".encode()


class Stream:
    """One open stream: a watcher of the hub, a guest of the drain, and the wire of its own outbox."""

    def __init__(
        self, hub: Hub, wire: HttpWire, jobs: Iterable[JobId], limits: Limits, counters: Counters, now: float
    ) -> None:
        self._hub = hub
        self._wire = wire
        self._jobs = tuple(jobs)
        self._limits = limits
        self._counters = counters
        self._outbox = Outbox(self, counters)
        self._stall: Stall | None = None
        self._spoke = now
        self._leaving = False
        self.over = asyncio.Event()
        """There is nothing more to write, or nobody to write it to."""

    def attach(self) -> None:
        """Before the response begins: learn what becomes of its connection."""
        self._wire.keep_open(self._limits.silence)
        self._wire.on_ready, self._wire.on_lost = self._flush, self.over.set

    def open(self) -> None:
        """The response has begun."""
        limits = self._limits
        # An EventSource waits exactly as long as it is told: all of them would come back in the same moment.
        retry = int(limits.retry_window * 1000 * random.uniform(0.2, 1))
        greeting = block(hello(limits.ping_interval, limits.retry_window, limits.jobs))
        self._say(b"retry: %d\n" % retry + greeting)
        self._hub.watch(self, dict.fromkeys(self._jobs, NO_VERSION))

    def leave(self) -> None:
        self._wire.on_ready = self._wire.on_lost = None
        self._hub.unwatch(self, self._jobs)

    def tick(self, now: float) -> None:
        """Time went by."""
        if not self._wire.ready:
            self._look_at_stall(now)
        if now - self._spoke >= self._limits.ping_interval:
            self._spoke = now
            self._say(COMMENT, "ping")

    def _look_at_stall(self, now: float) -> None:
        left = self._wire.left
        if self._stall is None:
            self._stall = Stall(left, now)
        elif self._stall.lasts(left, now, self._limits.slow):
            self._cut()

    @property
    def ready(self) -> bool:
        return self._wire.ready

    def write(self, data: bytes) -> None:
        self._wire.write(data)

    def deliver(self, subscription: Subscription, event: Event) -> None:
        self._outbox.put_event(subscription, Block(event))

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        self._outbox.put_missing(subscription, block(unknown(subscription.job_id, expired=expired)))

    def subscribed(self, job_ids: list[JobId]) -> None:
        self._say(block(subscribed(job_ids)))

    def withdraw(self, subscription: Subscription) -> None:
        self._outbox.drop(subscription)

    def unavailable(self) -> None:
        self._say(block(UNAVAILABLE), AWAY)

    def fail(self) -> None:
        self.over.set()
        self._wire.abort()

    def go_away(self) -> None:
        self._hub.unwatch(self, self._jobs)
        self._say(block(goodbye(RETRY_AFTER_SECONDS)))
        self._leaving = True
        self._flush()

    def _flush(self) -> None:
        self._stall = None
        self._outbox.flush()
        if self._leaving and self._outbox.empty:
            self.over.set()

    def _say(self, data: bytes, slot: str | None = None) -> None:
        if not self._outbox.put(data, slot):
            self._cut()

    def _cut(self) -> None:
        if not self.over.is_set():
            self._counters.too_slow += 1
            self.over.set()
            self._wire.abort()


class Streams:
    """All open streams of this process, and the one clock that looks after them."""

    def __init__(self, hub: Hub, limits: Limits, drain: Drain, counters: Counters) -> None:
        self._hub = hub
        self._limits = limits
        self._drain = drain
        self._counters = counters
        self._open: set[Stream] = set()

    async def serve(self, scope: Scope, send: Send, jobs: Iterable[JobId]) -> None:
        """Answer a request with the states of these jobs, until the client goes, or the server."""
        wire = wire_of(scope)
        if wire is None:
            return
        self._counters.accepted[Transport.EVENTS] += 1
        stream = Stream(self._hub, wire, jobs, self._limits, self._counters, asyncio.get_running_loop().time())
        stream.attach()
        self._open.add(stream)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": Headers(HEADERS).raw})
            stream.open()
            self._drain.enter(stream)
            await stream.over.wait()
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._open.discard(stream)
            self._drain.leave(stream)
            stream.leave()

    async def tick(self) -> None:
        """Look after all streams, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._limits.tick)
            now = loop.time()
            for turn, stream in enumerate(list(self._open)):
                if turn % BREATH == BREATH - 1:
                    await asyncio.sleep(0)
                try:
                    stream.tick(now)
                except Exception as error:  # one stream's fault must not end the care for all others
                    log_error(LogEvent.CRASHED, exception=error)
