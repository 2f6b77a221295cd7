"""The socket under an HTTP request: uvicorn's own protocol class, with what it lacks for a response without end.

Such a response is written by whoever has news, without waiting, and is cut off when its reader does not read: an ASGI
application alone can do neither. And who waits for an answer is missed at once when it goes.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.hub import tcp
from server.hub.http_wire import EXTENSION


class Flow(FlowControl):
    """Reads nothing while requests wait in the queue: uvicorn reads on with each answer, and queues all that comes."""

    def __init__(self, transport: asyncio.Transport, queue: deque[Any]) -> None:
        super().__init__(transport)
        self._queue = queue

    def resume_reading(self) -> None:
        if not self._queue:
            super().resume_reading()


class HttpProtocol(HttpToolsProtocol):
    """The `HttpWire` that `server.hub.http_wire.wire_of` finds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.on_ready: Callable[[], None] | None = None
        self.on_lost: Callable[[], None] | None = None
        self._deaf = False
        """What still comes is read, so that the peer's end is noticed, and passed over."""
        self._answered: RequestResponseCycle | None = None
        """The request whose answer is the next one on the wire. uvicorn's own `cycle` is the last that came."""
        self._chunked = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Flow(transport, self.pipeline)

    def data_received(self, data: bytes) -> None:
        if not self._deaf:
            super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["extensions"] = {EXTENSION: self}

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.pipelined and self.on_lost is not None:
            self.on_lost()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.response_complete:
            # uvicorn tells its own `cycle`, and this one would write to a transport that is gone.
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)
        self._let_go()
        if self.on_lost is not None:
            self.on_lost()

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        self._deaf = True
        self.parser = None  # type: ignore[assignment]
        self._let_go()

    def _let_go(self) -> None:
        """Whoever asks for the wire from now on finds none; and a ring is broken that only the collector would find."""
        answered, self._answered = self._answered, None
        for scope in (self.scope, answered.scope if answered is not None else None):
            if scope is not None:
                cast(dict[str, Any], scope)["extensions"].clear()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self.flow.resume_reading()  # uvicorn has asked for it before it took the next one off the queue

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_ready is not None:
            self.on_ready()

    def keep_open(self, silence: float) -> None:
        cycle = self._answered
        if cycle is None:
            return
        # It is the last answer of its connection: what stands behind it is dropped. With it in the queue nothing would
        # be read, and so nobody missed.
        self.pipeline.clear()
        self._deaf = True
        self.cycle, self.scope = cycle, cycle.scope
        self.flow.resume_reading()
        if cycle.scope["http_version"] == "1.0":
            self._chunked = cycle.chunked_encoding = False
        tcp.hold_little(self.transport)
        tcp.miss_after(self.transport, silence)

    @property
    def pipelined(self) -> bool:
        return bool(self.pipeline)

    @property
    def ready(self) -> bool:
        return not self.flow.write_paused and not self.transport.is_closing()

    @property
    def left(self) -> int:
        return tcp.left(self.transport)

    def write(self, data: bytes) -> None:
        """Write a chunk of the response. Call it only while `ready`."""
        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def abort(self) -> None:
        tcp.drop(self.transport)
