"""The socket under a WebSocket: uvicorn's own protocol class, with what it lacks for a hub.

uvicorn speaks the handshake, reads frames and answers pings. This adds a way to write ready-made frames without
waiting, to be told when the socket has taken them, and to close without waiting for a peer that does not read.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol, cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11
from websockets.exceptions import SecurityError
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from server.hub import tcp
from server.hub.codes import CloseCode

EXTENSION = "limner.wire"
PIECE_BYTES = 4 * 1024
"""What came in is looked at in such pieces: the first may already be a reason to close."""
AFTER_CLOSE_BYTES = 16 * 1024
"""What was on its way already, and the peer's answer to the close; more is not read."""
FLOOD_FRAMES = 1_000
"""So many pings, pongs and fragments may come beside the messages that are allowed."""

REQUEST_LINE_BYTES = 16 * 1024
"""Room for 256 ids in a URL; the library's own limit is half of it."""
http11.MAX_LINE_LENGTH = REQUEST_LINE_BYTES


class Owner(Protocol):
    """Whoever speaks on the wire."""

    straight: bool
    """Kept as the wire's `ready` is: what may be written at once is asked for every event."""

    def on_stalled(self) -> None:
        """The peer has not taken all that was written; until `on_ready` nothing more can be."""

    def on_ready(self) -> None:
        """It has."""


class WireProtocol(WebSocketsSansIOProtocol):
    """What `server.hub.websocket` finds in `scope["extensions"][EXTENSION]`. That sets `owner` and the times."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner: Owner | None = None
        self.heard = self.loop.time()
        """When the peer last gave a sign of life, by the loop's clock."""
        self.ready = False
        """Everything written so far has left for the kernel, and no close was sent."""
        self.flood_frames = FLOOD_FRAMES
        self.flood_seconds = 10.0
        self._read_after_close = 0
        self._counted = 0
        self._counted_since = self.heard
        self.write: Callable[[bytes], None]
        """Writes a frame. Call it only while `ready`."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.ready = True
        self.write = transport.write
        tcp.hold_little(transport)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.request.headers.clear()  # the library's parser holds them as long as the connection lives
            del self.request, self.response
        elif message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # a refusal is an end too; uvicorn would log it as a fault

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        if self.conn.parser_exc is not None:
            return  # it is read only so that the peer comes to read the close
        for start in range(0, len(data), PIECE_BYTES):
            piece = data[start : start + PIECE_BYTES]
            if self.close_sent:
                self._read_after_close += len(piece)
                if self._read_after_close > AFTER_CLOSE_BYTES:
                    self.transport.pause_reading()
                    return
            super().data_received(piece)
            if self.conn.parser_exc is not None:
                break
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse()  # uvicorn would leave it open, without an answer

    def _refuse(self) -> None:
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        error = self.conn.handshake_exc
        too_large = isinstance(error, SecurityError) or isinstance(getattr(error, "__cause__", None), SecurityError)
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
        self.transport.write(
            b"HTTP/1.1 %d %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % (status, status.phrase.encode())
        )
        self.transport.close()

    def _unready(self) -> None:
        self.ready = False
        if self.owner is not None:
            self.owner.straight = False

    def pause_writing(self) -> None:
        self._unready()
        super().pause_writing()
        if self.owner is not None:
            self.owner.on_stalled()

    def resume_writing(self) -> None:
        self.ready = not self.close_sent and not self.transport.is_closing()
        super().resume_writing()
        if self.ready and self.owner is not None:
            self.owner.on_ready()

    @property
    def left(self) -> int:
        """Bytes that were written and that the peer has not acknowledged yet."""
        return tcp.left(self.transport)

    def shut(self, code: CloseCode, reason: str) -> None:
        """Close, without waiting: what the peer does not read, and answer, within `close_timeout` is dropped."""
        if self.close_sent or self.transport.is_closing() or self.conn.state is not State.OPEN:
            return  # a close of the peer may stand behind what it is closed for
        self.queue.put_nowait({"type": "websocket.disconnect", "code": int(code), "reason": reason})
        self.conn.send_close(int(code), reason)
        self._write_close()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def cut(self, code: CloseCode, reason: str) -> None:
        """End the connection at once, and with it all that the peer has not taken. `code` is for our side only."""
        if not self.disconnected:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": int(code), "reason": reason})
            self._drop()

    def _write_close(self) -> None:
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._unready()
        self.end_in_time()

    def end_in_time(self) -> None:
        """Drop the connection after `close_timeout`: a peer that does not read could else hold it for ever."""
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(self.close_timeout, self._drop)

    def _drop(self) -> None:
        self._unready()
        tcp.drop(self.transport)

    def handle_close(self, event: Frame) -> None:
        self._unready()
        super().handle_close(event)
        if not self.close_sent and self.transport.get_write_buffer_size():
            self.end_in_time()

    def eof_received(self) -> None:
        self._unready()  # the transport closes now, when the peer has taken what was written

    def connection_lost(self, exc: Exception | None) -> None:
        self._unready()
        super().connection_lost(exc)

    def handle_parser_exception(self) -> None:
        """Close on what is no WebSocket any more, such as a frame that is too long.

        uvicorn closes at once; what the peer still sends then resets the connection, and it never reads the code.
        """
        if self.close_sent or self.transport.is_closing() or self.conn.close_sent is None:
            return
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self._write_close()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def shutdown(self) -> None:
        """The server stops; uvicorn calls this for each connection."""
        if self.handshake_complete:
            self.shut(CloseCode.DRAIN, "the server stops")
        super().shutdown()

    def handle_ping(self) -> None:
        if not self._is_flood() and self.ready:
            super().handle_ping()
        else:
            self.conn.data_to_send()  # who does not read gets no pongs: they would pile up here

    def handle_pong(self, event: Frame) -> None:
        self._is_flood()

    def handle_text(self, event: Frame) -> None:
        if not self._is_flood():
            super().handle_text(event)

    def handle_cont(self, event: Frame) -> None:
        if self._is_flood():
            self.frames = []
        else:
            super().handle_cont(event)

    def _is_flood(self) -> bool:
        """Count a frame, and close if there are too many: each costs time, whether it is a message or not."""
        if self.heard - self._counted_since >= self.flood_seconds:
            self._counted, self._counted_since = 0, self.heard
        self._counted += 1
        if self._counted <= self.flood_frames:
            return False
        self.shut(CloseCode.TOO_MANY_MESSAGES, "too many frames")
        return True

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
