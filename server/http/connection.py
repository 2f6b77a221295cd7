"""One TCP connection that speaks HTTP: how long it may be silent, and how it ends.

uvicorn waits for the head of a request for ever, keeps a timer for each idle connection, and resets a request that
comes in the moment in which it closes one.
"""

import asyncio
from http import HTTPStatus
from typing import Any, cast

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from server.http.protocol import HttpProtocol
from server.http.table import ConnectionTable
from server.problems import Problem

RETRY_SECONDS = 5


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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._table.awaiting_head[self] = self.loop.time()
        self._table.make_room()
        self._table.on_opened()

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self in self._table.ending:
            return
        if self._table.idle.pop(self, None) is not None:
            self._table.awaiting_head[self] = self.loop.time()
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._table.awaiting_head.pop(self, None)
        overloaded = self._table.overloaded
        self.app = _overloaded if overloaded and self.url != b"/health" else self.config.loaded_app
        super().on_headers_complete()
        if self._table.draining or overloaded:
            self.last_answer()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self in self._table.awaiting_head and self.cycle.response_complete:
            # That was the rest of a body that nobody wanted.
            del self._table.awaiting_head[self]
            self._table.idle[self] = self.loop.time()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
            waiting = self._table.awaiting_head if self._in_head else self._table.idle
            waiting[self] = self.loop.time()

    def last_answer(self) -> None:
        """Close after the request that is being answered, and say so if there is still time to."""
        if self._answering:
            self.cycle.keep_alive = False

    @property
    def _answering(self) -> bool:
        cycle = cast(RequestResponseCycle | None, self.cycle)  # uvicorn's type does not say that it may be none
        return cycle is not None and not cycle.response_complete

    def time_out(self) -> None:
        """The head of a request did not come in time."""
        if self._in_head and not self.transport.is_closing():
            self.transport.write(_TIMED_OUT)
        self.end()

    def end(self) -> None:
        """Close, but hear the peer out: closing at once would reset the request that may just be coming."""
        self._table.forget(self)
        if self.transport.is_closing():
            return
        self._table.ending[self] = self.loop.time()
        self.flow.resume_reading()
        self.transport.write_eof()

    def shutdown(self) -> None:
        """The server stops; uvicorn calls this for each connection."""
        if self._answering:
            self.last_answer()
        else:
            self.end()


def _raw(problem: Problem) -> bytes:
    response = problem.response()
    head = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}".encode(), b"connection: close"]
    head += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + bytes(response.body)


async def _overloaded(scope: Scope, receive: Receive, send: Send) -> None:
    problem = Problem(503, "The server has too many connections.", headers={"Retry-After": str(RETRY_SECONDS)})
    await problem.response()(scope, receive, send)


_TIMED_OUT = _raw(Problem(408, "The head of the request took too long to come."))
