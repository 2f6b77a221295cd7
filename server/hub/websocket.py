"""`GET /ws`: moves text between a socket and its conversation, and carries out what that decides."""

import asyncio
from typing import cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.hub.codes import CloseCode
from server.hub.connection import Action, Close, Connection, Limits, PingPeer, Say, Unwatch, Watch
from server.hub.counters import Counters
from server.hub.drain import Drain
from server.hub.hub import Hub
from server.hub.messages import PING, UNAVAILABLE, goodbye, subscribed, unknown
from server.hub.outbox import Outbox
from server.hub.subscription import Event, Subscription
from server.hub.wire import EXTENSION, WireProtocol
from storage.logs import Event as LogEvent
from storage.logs import log_error
from storage.records.ids import JobId

RETRY_AFTER_SECONDS = 1.0
"""When a server that stops is there again at the earliest; clients add their share of the retry window."""

BREATH = 500
"""Sockets looked after in one turn of the loop."""


class Socket:
    """One open WebSocket: a watcher of the hub with a conversation and an outbox."""

    def __init__(self, hub: Hub, wire: WireProtocol, limits: Limits) -> None:
        self._hub = hub
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._connection = Connection(limits, self._loop.time())
        self._outbox = Outbox(wire)
        wire.on_ready = self._outbox.flush

    def open(self, jobs_in_url: list[str]) -> None:
        self._perform(self._connection.opened(jobs_in_url))

    def receive(self, text: str) -> None:
        self._perform(self._connection.received(text, self._loop.time()))

    def tick(self, now: float) -> None:
        self._perform(self._connection.tick(now, self._wire.heard))

    def close(self, code: CloseCode, reason: str) -> None:
        self._wire.shut(code, reason)

    def go_away(self) -> None:
        self._say(goodbye(RETRY_AFTER_SECONDS))
        self.close(CloseCode.DRAIN, "the server stops")

    def leave(self) -> None:
        self._wire.on_ready = None
        self._hub.unwatch(self, self._connection.watched)

    def deliver(self, subscription: Subscription, event: Event) -> None:
        self._outbox.put_event(subscription, event)

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        self._outbox.put_missing(subscription, unknown(subscription.job_id, expired=expired))

    def subscribed(self, job_ids: list[JobId]) -> None:
        self._say(subscribed(job_ids))

    def withdraw(self, subscription: Subscription) -> None:
        self._outbox.drop(subscription)

    def unavailable(self) -> None:
        self._say(UNAVAILABLE, "unavailable")

    def _say(self, frame: bytes, slot: str | None = None) -> None:
        if not self._outbox.put(frame, slot):
            self.close(CloseCode.TOO_SLOW, "too slow")

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
                case PingPeer():
                    self._wire.ping_peer()
                    self._say(PING, "ping")


class Sockets:
    """All open sockets of this process, and the one clock that looks after them."""

    TICK_SECONDS = 1.0

    def __init__(self, hub: Hub, limits: Limits, drain: Drain, counters: Counters) -> None:
        self._hub = hub
        self._limits = limits
        self._drain = drain
        self._counters = counters
        self._open: set[Socket] = set()

    async def serve(self, websocket: WebSocket) -> None:
        """Talk to one client until it goes."""
        await websocket.accept()
        wire = cast(WireProtocol, websocket.scope["extensions"][EXTENSION])
        socket = Socket(self._hub, wire, self._limits)
        self._open.add(socket)
        self._drain.enter(socket)
        try:
            socket.open(websocket.query_params.getlist("job"))
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if (text := message.get("text")) is None:
                    socket.close(CloseCode.UNSUPPORTED, "text only")
                    continue
                socket.receive(text)
        except WebSocketDisconnect:
            return
        finally:
            self._open.discard(socket)
            self._drain.leave(socket)
            socket.leave()

    async def tick(self) -> None:
        """Look after all sockets, once a second, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.TICK_SECONDS)
            now = loop.time()
            for turn, socket in enumerate(list(self._open)):
                if turn % BREATH == BREATH - 1:
                    await asyncio.sleep(0)
                try:
                    socket.tick(now)
                except Exception as error:  # one connection's fault must not end the care for all others
                    log_error(LogEvent.CRASHED, exception=error)
