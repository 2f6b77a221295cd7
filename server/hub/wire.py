"""The socket under a WebSocket: uvicorn's own protocol class, with what it lacks for a hub.

uvicorn speaks the handshake, reads frames and answers pings. This adds a way to write ready-made frames without
waiting, to be told when the socket has taken them, and to close without waiting for a peer that does not read.
"""

import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11
from websockets.frames import Frame
from websockets.http11 import Request

from server.hub.codes import CloseCode

EXTENSION = "limner.wire"
UNSENT_BYTES = 16 * 1024
"""TCP_NOTSENT_LOWAT: without it the kernel holds megabytes of frames that were overtaken long ago."""

REQUEST_LINE_BYTES = 16 * 1024
"""Room for 256 ids in a URL; the library's own limit is half of it."""
http11.MAX_LINE_LENGTH = REQUEST_LINE_BYTES


class WireProtocol(WebSocketsSansIOProtocol):
    """What `server.hub.websocket` finds in `scope["extensions"][EXTENSION]`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.on_ready: Callable[[], None] | None = None
        self.heard = self.loop.time()
        """When the last byte came in, by the loop's clock."""
        self._drained = True

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        raw = transport.get_extra_info("socket")
        if raw is not None and hasattr(socket, "TCP_NOTSENT_LOWAT") and raw.family != socket.AF_UNIX:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # a refusal is an end too; uvicorn would log it as a fault

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse()  # uvicorn would leave it open, without an answer

    def _refuse(self) -> None:
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self.transport.write(
            b"HTTP/1.1 %d %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % (status, status.phrase.encode())
        )
        self.transport.close()

    def pause_writing(self) -> None:
        self._drained = False
        super().pause_writing()

    def resume_writing(self) -> None:
        self._drained = True
        super().resume_writing()
        if self.on_ready is not None:
            self.on_ready()

    @property
    def ready(self) -> bool:
        """Everything written so far has left for the kernel, and no close was sent."""
        return self._drained and not self.close_sent and not self.transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write a frame. Call it only while `ready`."""
        self.transport.write(data)

    def ping_peer(self) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self.conn.send_ping(b"")
            self.transport.write(b"".join(self.conn.data_to_send()))

    def shut(self, code: CloseCode, reason: str) -> None:
        """Close, without waiting: for the peer's answer ten seconds, and what it does not read by then is dropped."""
        if self.close_sent or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": int(code), "reason": reason})
        self.conn.send_close(int(code), reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def handle_parser_exception(self) -> None:
        """Close on what is no WebSocket any more, such as a frame that is too long.

        uvicorn closes at once; what the peer still sends then resets the connection, and it never reads the code.
        """
        if self.close_sent or self.transport.is_closing() or self.conn.close_sent is None:
            return
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def shutdown(self) -> None:
        """The server stops; uvicorn calls this for each connection."""
        if self.handshake_complete:
            self.shut(CloseCode.DRAIN, "the server stops")
        super().shutdown()

    def handle_ping(self) -> None:
        if self._drained:
            super().handle_ping()
        else:
            self.conn.data_to_send()  # who does not read gets no pongs: they would pile up here

    def handle_cont(self, event: Frame) -> None:
        if event.data or event.fin:  # empty fragments without end are no message, and would pile up as well
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if not self.close_sent and self.curr_msg_data_type == "text" and not self._readable():
            # uvicorn would write a traceback to the log for every stranger's bad byte.
            self.frames = []
            self.shut(CloseCode.INVALID_TEXT, "text must be UTF-8")
            return
        super().send_receive_event_to_app()

    def _readable(self) -> bool:
        try:
            b"".join(self.frames).decode()
        except UnicodeDecodeError:
            return False
        return True
