"""One TCP connection that speaks HTTP: how long it may be silent, how much it may ask at once, and how it ends.

uvicorn waits for the head of a request for ever and reads as much of it as comes, keeps a timer for each idle
connection, resets a request that comes the moment in which it closes one, and makes a WebSocket of a connection on
which it is still answering.
"""

import asyncio
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from server.admission import place_of
from server.http import refusals
from server.http.protocol import HttpProtocol
from server.http.table import ConnectionTable

HEAD_BYTES = 64 * 1024
"""The request line and the headers. A URL of 256 ids has a quarter of it. Trailers may be as long."""
PIECE_BYTES = 16 * 1024
"""What came in is read in such pieces, and after each of them it is looked how long the head has become."""


class HttpConnection(HttpProtocol):
    """Its `server_state` must be a ConnectionTable, which knows what is awaited of it and since when."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state, _loop=_loop)
        self._table = cast(ConnectionTable, server_state)
        self._in_head = False
        self._head_bytes = 0
        """Of the head that is being read, or of the trailers."""
        self._unread_bytes = 0
        """Bytes that the parser has taken in since it last had something to say."""
        self._untimely = False
        """The request asks for a WebSocket while another is being answered."""
        self._endless = False
        self._last_words: bytes | None = None
        """What is written, before the end, when all requests are answered."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.place = place_of(self.client[0]) if self.client is not None else ""
        now = self.loop.time()
        self._table.make_room(now)
        self._table.awaiting_head[self] = now
        self._table.on_opened()

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self in self._table.ending:
            return
        if self._table.idle.pop(self, None) is not None:
            self._table.awaiting_head[self] = self.loop.time()
        for start in range(0, len(data), PIECE_BYTES):
            piece = data[start : start + PIECE_BYTES]
            self._unread_bytes += len(piece)
            super().data_received(piece)
            if self._deaf or self.transport.is_closing():
                return
            if self._head_bytes + self._unread_bytes > HEAD_BYTES:
                self._refuse(refusals.TOO_LARGE_BYTES)
                return

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + len(": \r\n"))
        if self._in_head:  # of trailers nobody wants to know
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._count(0)
        super().on_body(body)

    def _count(self, more: int) -> None:
        self._head_bytes += more
        self._unread_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._table.awaiting_head.pop(self, None)
        if self._table.overloaded:
            self._table.make_room(self.loop.time())
        self._untimely = self._answering and self.parser.should_upgrade() and super()._should_upgrade()
        app = self._refusal()
        self._head_bytes = 0
        self.app = app or self.config.loaded_app
        super().on_headers_complete()
        if app is not None or self._table.draining:
            self.last_answer()

    def _refusal(self) -> ASGIApp | None:
        """What answers the request in the application's place."""
        if self._head_bytes > HEAD_BYTES:
            return refusals.TOO_LARGE
        if self._untimely:
            return refusals.UNTIMELY
        if self._table.overloaded and self.url != b"/health":
            return refusals.OVERLOADED
        return None

    def _should_upgrade(self) -> bool:
        return not self._untimely and super()._should_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        if self._untimely:
            self._deaf = True  # what follows is for a WebSocket that will not be
        else:
            super()._unsupported_upgrade_warning()

    def handle_websocket_upgrade(self) -> None:
        self._table.forget(self)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._refuse(refusals.INVALID_BYTES)

    def _refuse(self, answer: bytes) -> None:
        """End because of what has come, with this as the last answer, in its turn."""
        self._deaf = True
        if not self._answering:
            self.transport.write(answer)
            self.end()
        elif not self.cycle.more_body:
            self._last_words = answer
        else:
            if not self.cycle.response_started and not self.pipeline:
                self.transport.write(answer)
            self._close()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self in self._table.awaiting_head and self.cycle.response_complete:
            # That was the rest of a body that nobody wanted.
            del self._table.awaiting_head[self]
            self._table.idle[self] = self.loop.time()

    def on_response_complete(self) -> None:
        if self._replaced:
            return
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()
        elif self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
            if self._last_words is not None:
                self.transport.write(self._last_words)
                self.end()
                return
            waiting = self._table.awaiting_head if self._in_head else self._table.idle
            waiting[self] = self.loop.time()

    def pause_writing(self) -> None:
        super().pause_writing()
        if not self._endless:
            self._table.stalled.setdefault(self, None)

    def resume_writing(self) -> None:
        if not self.transport.is_closing():
            self._table.stalled.pop(self, None)
        super().resume_writing()

    def keep_open(self, silence: float) -> None:
        super().keep_open(silence)
        self._endless = True  # who writes it sees to its stalls
        self._table.stalled.pop(self, None)

    def last_answer(self) -> None:
        """Close after the request that is being answered, and say so if there is still time to."""
        if self._answering:
            self.cycle.keep_alive = False

    @property
    def begun(self) -> bool:
        return self._in_head

    @property
    def _answering(self) -> bool:
        cycle = cast(RequestResponseCycle | None, self.cycle)  # uvicorn's type does not say that it may be none
        return cycle is not None and not cycle.response_complete

    @property
    def _replaced(self) -> bool:
        """The transport belongs to a WebSocket now."""
        return self.transport.get_protocol() is not self

    def time_out(self) -> None:
        """The head of a request did not come in time."""
        if self._in_head and not self.transport.is_closing() and not self._replaced:
            self.transport.write(refusals.TIMED_OUT_BYTES)
        self.end()

    def give_way(self) -> None:
        """The head of a request is waited for, and its place is needed."""
        self._table.forget(self)
        if self._replaced or self.transport.is_closing():
            return
        if self._in_head:
            self.transport.write(refusals.GIVING_WAY_BYTES)
        self._table.ending[self] = self.loop.time()
        self.transport.close()

    def end(self) -> None:
        """Close, but hear the peer out: closing at once would reset the request that may just be coming."""
        self._table.forget(self)
        if self._replaced or self.transport.is_closing():
            return
        self._table.ending[self] = self.loop.time()
        self.flow.resume_reading()
        self.transport.write_eof()

    def _close(self) -> None:
        """Close when the peer has taken what was written, and not for ever wait for that."""
        self.transport.close()
        if not self._endless and self.transport.get_write_buffer_size():
            self._table.stalled.setdefault(self, None)

    def abort(self) -> None:
        if not self._replaced:
            super().abort()

    def shutdown(self) -> None:
        """The server stops; uvicorn calls this for each connection."""
        if self._answering:
            self.last_answer()
        else:
            self.end()
