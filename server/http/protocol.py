"""The socket under an HTTP request: uvicorn's own protocol class, with what it lacks for a response without end.

Such a response is written by whoever has news, without waiting, and is cut off when its reader does not read: an ASGI
application alone can do neither. And who waits for an answer is missed at once when it goes.
"""

from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.hub import tcp
from server.hub.http_wire import EXTENSION


class HttpProtocol(HttpToolsProtocol):
    """The `HttpWire` that `server.hub.http_wire.wire_of` finds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.on_ready: Callable[[], None] | None = None
        self.on_lost: Callable[[], None] | None = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["extensions"] = {EXTENSION: self}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.scope is not None:
            cast(dict[str, Any], self.scope)["extensions"].clear()  # else a ring that only the collector would find
        if self.on_lost is not None:
            self.on_lost()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_ready is not None:
            self.on_ready()

    def keep_open(self, silence: float) -> None:
        tcp.hold_little(self.transport)
        tcp.miss_after(self.transport, silence)

    @property
    def ready(self) -> bool:
        return not self.flow.write_paused and not self.transport.is_closing()

    @property
    def left(self) -> int:
        return tcp.left(self.transport)

    def write(self, data: bytes) -> None:
        """Write a chunk of the response. Call it only while `ready`."""
        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def abort(self) -> None:
        tcp.drop(self.transport)
