"""The life of a server process: it accepts while it has room, answers, sends its guests off, and ends."""

import asyncio
import contextlib
import gc
import signal
import socket
from types import FrameType

import uvicorn

from server.http.connection import HttpConnection
from server.http.table import ConnectionTable
from server.hub.drain import Drain
from server.hub.wire import WireProtocol
from server.process.descriptors import RESERVED, sockets_for
from server.process.neighbours import Neighbours
from server.settings import ServerSettings
from server.up.listening import BACKLOG
from storage.logs import Event, log, log_error

CLOSE_SECONDS = 3.0
"""How long the last WebSockets may take to answer their close."""
ANSWER_SECONDS = 5
"""How long requests that are being answered may go on."""
MARGIN_SECONDS = 5.0
"""For what comes before and after: noticing the signal, ending the connections to Redis."""
TURN_SECONDS = 0.1
"""How often it is looked whether there is room again, and what has been waited for too long."""
FIRST_WORDS_SECONDS = 0.25
"""How long a connection that has only just come may still take to begin."""


def longest_end(drain_seconds: float) -> float:
    """Seconds after which a process that was told to end has ended, whatever its clients do."""
    return drain_seconds + CLOSE_SECONDS + ANSWER_SECONDS + MARGIN_SECONDS


class Server(uvicorn.Server):
    """Serves on `listening`, whose descriptor it keeps for itself. Of a second signal it dies at once."""

    def __init__(
        self,
        config: uvicorn.Config,
        listening: socket.socket,
        settings: ServerSettings,
        *,
        descriptors: int,
        neighbours: Neighbours | None = None,
    ) -> None:
        super().__init__(config)
        self._listening = listening
        self._most = settings.max_connections
        self._most_sockets = descriptors - RESERVED
        self._drain_seconds = settings.drain_seconds
        self._neighbours = neighbours
        self._accepting = False
        self._table = self.server_state = ConnectionTable(
            most=min(sockets_for(self._most), self._most_sockets),
            request_seconds=settings.request_seconds,
            slow_seconds=settings.slow_seconds,
            on_opened=self._look_around,
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.should_exit = self._table.draining = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([self._listening.dup()])
        self._accepting = True
        # What a start leaves behind is no garbage, nor is a connection: a full collection would walk through all of
        # them to find that out, and does so again and again while thousands connect. The middle one finds what those
        # have left who came and went.
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 5, 50)
        await self._tend()
        host, port = self._listening.getsockname()[:2]
        log(Event.SERVER_STARTED, host=host, port=port, connections=self._most)

    async def on_tick(self, counter: int) -> bool:
        await self._try_to_tend()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # The last word is the kernel's: a task that nothing ends must not keep the process.
        signal.setitimer(signal.ITIMER_REAL, longest_end(self._drain_seconds))
        drain: Drain = self.lifespan.state["drain"]
        drain.begun = True
        log(Event.SERVER_DRAINING, connections=len(drain), seconds=self._drain_seconds)
        await self._stop_accepting()
        for connection in self._table.connections:
            if isinstance(connection, HttpConnection):
                connection.last_answer()
        tending = asyncio.create_task(self._tend_on(), name="connections that end")
        await drain.run(self._drain_seconds)
        await self._close_websockets()
        await super().shutdown()
        tending.cancel()

    @property
    def _has_room(self) -> bool:
        return self._table.busy < self._most and len(self._table.connections) < self._most_sockets

    def _may_accept(self) -> bool:
        if len(self._table.connections) >= self._most_sockets:
            return False
        return self._has_room or self._neighbours is None or not self._neighbours.have_room

    def _look_around(self) -> None:
        """Somebody has come: was it the last one there is room for?"""
        if self._has_room:
            return
        if self._neighbours is not None:
            self._neighbours.tell(has_room=False)
        if not self._may_accept():
            self._accepting = False
            for server in self.servers:
                server.close()

    async def _try_to_tend(self) -> None:
        try:
            await self._tend()
        except Exception as error:  # what was not possible now may be at the next turn
            log_error(Event.CRASHED, exception=error)

    async def _tend(self) -> None:
        loop = asyncio.get_running_loop()
        self._table.sweep(loop.time())
        if self._table.draining:
            return
        if self._neighbours is not None:
            self._neighbours.tell(self._has_room)
        if not self._accepting and self._may_accept():
            # It was closed, and not the socket itself: the callers wait in the kernel's queue meanwhile.
            with contextlib.suppress(OSError):  # there is no descriptor left just now
                self.servers = [await loop.create_server(self._connection, sock=self._listening.dup(), backlog=BACKLOG)]
                self._accepting = True

    async def _tend_on(self) -> None:
        while True:
            await self._try_to_tend()
            await asyncio.sleep(TURN_SECONDS)

    def _connection(self) -> HttpConnection:
        return HttpConnection(self.config, self._table, self.lifespan.state)

    async def _stop_accepting(self) -> None:
        self._accepting = False
        if self._neighbours is not None:
            self._neighbours.tell(has_room=False)
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)
        if self._neighbours is None or not self._neighbours.have_room:
            await self._take_in_the_rest()
        self._listening.close()

    async def _take_in_the_rest(self) -> None:
        """Whoever stands in the socket's queue when the last process closes it would be reset."""
        loop = asyncio.get_running_loop()
        self._listening.setblocking(False)
        with contextlib.suppress(OSError):
            for _ in range(BACKLOG):
                caller, _ = self._listening.accept()
                await loop.connect_accepted_socket(self._connection, caller)

    async def _close_websockets(self) -> None:
        """Wait for the ends of those who were told to go; what is not gone then is cut off."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while (waited := loop.time() - begun) < CLOSE_SECONDS:
            beginning = self._table.awaiting_head and waited < FIRST_WORDS_SECONDS
            if not beginning and not any(isinstance(one, WireProtocol) for one in self._table.connections):
                break
            await asyncio.sleep(TURN_SECONDS / 10)
        for connection in list(self._table.connections):
            if isinstance(connection, WireProtocol):
                connection.transport.abort()
