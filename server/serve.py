"""The server process: uvicorn, with its settings, on a socket of its own or one that it was given."""

import asyncio
import contextlib
import socket
import sys

import uvicorn

from server.app import create_app
from server.hub.drain import Drain
from server.hub.wire import WireProtocol
from server.settings import ServerSettings
from storage.connect import connect, inspect
from storage.errors import SettingsError, StoreUnavailable, UnfitStore
from storage.logs import configure
from storage.settings import load

KEEP_ALIVE_SECONDS = 65
"""Longer than a proxy keeps its idle connections, so that it is never the server that closes one just being used."""
SHUTDOWN_SECONDS = 5
BACKLOG = 4096
REFUSED = 2
"""Exit status of a start that no second try can help."""


class Server(uvicorn.Server):
    """Sends its guests off before it ends."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        drain: Drain | None = self.lifespan.state.get("drain")
        if drain is not None:
            for server in self.servers:
                server.close()
            await drain.run(self._drain_seconds)
        await super().shutdown(sockets)


def run(*, host: str, port: int, is_open: bool, fd: int | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Answers the exit status: REFUSED, with a sentence for each fault, where it cannot.

    `fd` is a listening socket that the process has inherited; else `host` and `port` are listened on.
    """
    try:
        settings = load(ServerSettings, host=host, port=port, open=is_open)
        configure(settings.log_format, settings.log_level)
        asyncio.run(_look_at_redis(settings))
        app = create_app(settings)
    except (SettingsError, UnfitStore) as error:
        print(error, file=sys.stderr)
        return REFUSED
    server = Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            ws=WireProtocol,
            ws_max_size=settings.max_frame_bytes,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            backlog=BACKLOG,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ),
        settings.drain_seconds,
    )
    server.run(sockets=[socket.socket(fileno=fd)] if fd is not None else None)
    return 0 if server.started else 1


async def _look_at_redis(settings: ServerSettings) -> None:
    # One that is away for now may come: /ready says so until then.
    with contextlib.suppress(StoreUnavailable):
        async with connect(settings.redis_url) as client:
            await inspect(client)
