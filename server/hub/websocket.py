"""`GET /ws`: moves text between a socket and its conversation, and carries out what that decides."""

import asyncio
from typing import cast

from starlette.datastructures import QueryParams
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.hub.codes import ABNORMAL, CloseCode, counted
from server.hub.connection import Action, Close, Connection, Limits, Say, Unwatch, Watch
from server.hub.counters import Counters, Transport
from server.hub.drain import RETRY_AFTER_SECONDS, Drain
from server.hub.hub import Hub
from server.hub.messages import UNAVAILABLE, goodbye, subscribed, unknown
from server.hub.outbox import AWAY, Outbox
from server.hub.stall import Stall
from server.hub.subscription import Event, Subscription
from server.hub.wire import EXTENSION, FLOOD_FRAMES, WireProtocol
from storage.logs import Event as LogEvent
from storage.logs import log_error
from storage.records.ids import JobId

BREATH = 200
"""Sockets that have something to do looked after in one turn of the loop."""


class Socket:
    """One open WebSocket: a watcher of the hub with a conversation and an outbox.

    `stalled` holds, of all sockets, those that have something waiting which their peers did not take yet.
    """

    __slots__ = (
        "_counters",
        "_hub",
        "_leaving",
        "_limits",
        "_outbox",
        "_stall",
        "_stalled",
        "_wire",
        "_write",
        "connection",
        "straight",
    )

    def __init__(
        self, hub: Hub, wire: WireProtocol, limits: Limits, counters: Counters, stalled: "dict[Socket, None]"
    ) -> None:
        self._hub = hub
        self._wire = wire
        self._limits = limits
        self._stalled = stalled
        self._stall: Stall | None = None
        self._leaving = False
        self._outbox = Outbox(wire, counters)
        self._counters = counters
        self._write = wire.write
        self.straight = wire.ready
        self.connection = Connection(limits, wire.loop.time())
        wire.owner = self
        wire.close_timeout = limits.slow
        wire.flood_frames = FLOOD_FRAMES + limits.messages
        wire.flood_seconds = limits.messages_seconds

    def open(self, jobs_in_url: list[str]) -> None:
        self._perform(self.connection.opened(jobs_in_url))

    def receive(self, text: str) -> None:
        if not self._leaving:
            self._perform(self.connection.received(text, self._wire.loop.time()))

    def tick(self, now: float) -> None:
        """Call it when `connection.due` has come."""
        if not self._leaving:
            self._perform(self.connection.tick(now, self._wire.heard))

    def look_at_stall(self, now: float) -> None:
        """Cut the peer off if it was too slow with what waits. Call it for those that are stalled."""
        if self._wire.disconnected:
            return
        left = self._wire.left
        if self._stall is None:
            self._stall = Stall(left, now)
        elif self._stall.lasts(left, now, self._limits.slow):
            self._cut()

    def close(self, code: CloseCode, reason: str) -> None:
        self._wire.shut(code, reason)

    def go_away(self) -> None:
        """Say goodbye after all that waits, and close; what the peer does not take in time is dropped."""
        self._hub.unwatch(self, self.connection.watched)
        self._leaving = True
        self._say(goodbye(RETRY_AFTER_SECONDS))
        self._wire.end_in_time()
        self._go()

    def leave(self) -> None:
        self._wire.owner = None
        self._stalled.pop(self, None)
        self._hub.unwatch(self, self.connection.watched)

    def on_stalled(self) -> None:
        self._stall = None
        self._stalled[self] = None

    def on_ready(self) -> None:
        self._wire.heard = self._wire.loop.time()  # a slow line may hold back our ping for longer than silence may last
        self._stalled.pop(self, None)
        self._outbox.flush()
        self.straight = self._wire.ready
        if self._leaving:
            self._go()

    def deliver(self, subscription: Subscription, event: Event) -> None:
        # What the outbox does when nothing waits, without asking three objects: of ten thousand sockets hardly one is
        # in the processor's cache. A wire that is ready has an empty outbox, for it is flushed when it becomes so.
        if self.straight:
            subscription.seen = event.version
            write = self._write  # called by its attribute, a slot is looked up by name every time (CPython 3.11)
            write(event.frame)
            self._counters.frames += 1
        else:
            self._outbox.put_event(subscription, event)

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        self._outbox.put_missing(subscription, unknown(subscription.job_id, expired=expired))

    def subscribed(self, job_ids: list[JobId]) -> None:
        self._say(subscribed(job_ids))

    def withdraw(self, subscription: Subscription) -> None:
        self._outbox.drop(subscription)

    def unavailable(self) -> None:
        self._say(UNAVAILABLE, AWAY)

    def fail(self) -> None:
        self._wire.cut(CloseCode.RESYNC, "a fault of ours")

    def _say(self, frame: bytes, slot: str | None = None) -> None:
        if not self._outbox.put(frame, slot):
            self._cut()

    def _go(self) -> None:
        if self._outbox.empty:
            self.close(CloseCode.DRAIN, "the server stops")

    def _cut(self) -> None:
        self._wire.cut(CloseCode.TOO_SLOW, "too slow")

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Say(frame, slot):
                    self._say(frame, slot)
                case Watch(subscribe):
                    self._hub.watch(self, subscribe.jobs)
                case Unwatch(jobs):
                    for subscription in self._hub.unwatch(self, jobs):
                        self._outbox.drop(subscription)
                case Close(code, reason):
                    self.close(code, reason)


class Sockets:
    """All open sockets of this process, and the one clock that looks after them."""

    def __init__(self, hub: Hub, limits: Limits, drain: Drain, counters: Counters) -> None:
        self._hub = hub
        self._limits = limits
        self._drain = drain
        self._counters = counters
        self._open: dict[Connection, Socket] = {}
        self._stalled: dict[Socket, None] = {}

    async def serve(self, websocket: WebSocket) -> None:
        """Talk to one client until it goes."""
        await websocket.accept()
        wire = cast(WireProtocol, websocket.scope["extensions"][EXTENSION])
        socket = Socket(self._hub, wire, self._limits, self._counters, self._stalled)
        self._counters.accepted[Transport.WEBSOCKET] += 1
        self._open[socket.connection] = socket
        self._drain.enter(socket)
        code = ABNORMAL
        try:
            socket.open(QueryParams(websocket.scope["query_string"]).getlist("job"))
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    code = message["code"]
                    return
                if (text := message.get("text")) is None:
                    socket.close(CloseCode.UNSUPPORTED, "text only")
                    continue
                socket.receive(text)
        except WebSocketDisconnect:
            return
        finally:
            code = counted(code, by_peer=bool(wire.conn.close_rcvd_then_sent))
            self._counters.closed[code] += 1
            self._counters.too_slow += code == CloseCode.TOO_SLOW
            del self._open[socket.connection]
            self._drain.leave(socket)
            socket.leave()

    async def tick(self) -> None:
        """Look after all sockets until cancelled, often enough for what they are promised."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._limits.tick)
            now = loop.time()
            looks = [socket.look_at_stall for socket in self._stalled]
            looks += [socket.tick for connection, socket in self._open.items() if connection.due <= now]
            for turn, look in enumerate(looks, 1):
                try:
                    look(now)
                except Exception as error:  # one connection's fault must not end the care for all others
                    log_error(LogEvent.CRASHED, exception=error)
                if turn % BREATH == 0:
                    await asyncio.sleep(0)
