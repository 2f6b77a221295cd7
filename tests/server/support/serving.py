"""The hub's sockets on a port of the test's own process, so that it can see what they count."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from server.hub.connection import Limits
from server.hub.counters import Counters
from server.hub.drain import Drain
from server.hub.hub import Hub
from server.hub.websocket import Sockets
from server.hub.wire import WireProtocol
from storage.tasks import end


@dataclass
class Serving:
    port: int
    counters: Counters
    drain: Drain
    state: ServerState = field(default_factory=ServerState)

    @property
    def open(self) -> int:
        """Connections that are not over."""
        return len(self.state.connections)

    @property
    def deserted(self) -> bool:
        """All connections are over, also those on which something was still to be sent."""
        return not self.state.connections and not self.state.tasks

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"


@asynccontextmanager
async def serving(hub: Hub, counters: Counters, limits: Limits) -> AsyncIterator[Serving]:
    drain = Drain(counters)
    sockets = Sockets(hub, limits, drain, counters)
    app = Starlette(routes=[WebSocketRoute("/ws", sockets.serve)])
    config = uvicorn.Config(
        app, ws=WireProtocol, ws_ping_interval=None, ws_per_message_deflate=False, ws_max_size=16_384, log_config=None
    )
    config.load()
    found = Serving(0, counters, drain)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpToolsProtocol(config, found.state, {}), "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    clock = asyncio.create_task(sockets.tick())
    try:
        yield found
    finally:
        server.close()
        for connection in list(found.state.connections):
            connection.shutdown()
            connection.transport.abort()
        await asyncio.gather(*found.state.tasks)
        await end(clock)
