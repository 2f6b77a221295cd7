"""The server process: what it needs, put together, on a socket of its own or one that it was given."""

import asyncio
import socket
import sys
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from server.app import create_app
from server.http.connection import HttpConnection
from server.http.forwarded import ForwardedHeaders
from server.hub.wire import WireProtocol
from server.process import descriptors
from server.process.lifecycle import ANSWER_SECONDS, Server
from server.process.neighbours import Neighbours
from server.settings import ServerSettings
from server.up.errors import CannotStart
from server.up.listening import BACKLOG, listen
from storage.connect import connect, inspect
from storage.errors import REFUSED, DatabaseUnavailable, SettingsError, StartRefused, StoreUnavailable
from storage.keys import Keys
from storage.logs import Event, configure, warn
from storage.migrating import inspect_database
from storage.objects.opening import local_objects, opened
from storage.settings import load


@dataclass(frozen=True, slots=True)
class Place:
    """One of several processes on one socket."""

    number: int
    """From 1."""
    shared_memory: int
    """Descriptor of what `server.process.neighbours` shares."""


def run(*, host: str, port: int, is_open: bool, fd: int | None = None, place: Place | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Answers the exit status: REFUSED, with a sentence for each fault, where it cannot.

    `fd` is a listening socket that the process has inherited; else `host` and `port` are listened on.
    """
    try:
        settings = look_before(host=host, port=port, is_open=is_open, process=place.number if place else None)
        descriptors_allowed = descriptors.raise_limit()
        settings = _fitting(settings, descriptors_allowed)
        app: ASGIApp = create_app(settings)
        listening = listen(settings.host, settings.port) if fd is None else socket.socket(fileno=fd)
    except StartRefused as error:
        print(error, file=sys.stderr)
        return REFUSED
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    if settings.trusted_proxies:
        app = ForwardedHeaders(app, settings.trusted_proxies)
    config = uvicorn.Config(
        app,
        http=HttpConnection,
        ws=WireProtocol,
        ws_max_size=settings.max_frame_bytes,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        backlog=BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=ANSWER_SECONDS,
    )
    neighbours = Neighbours(place.shared_memory, place.number - 1) if place is not None else None
    server = Server(config, listening, settings, descriptors=descriptors_allowed, neighbours=neighbours)
    server.run()
    return 0 if server.started else 1


def look_before(*, host: str, port: int, is_open: bool, process: int | None = None) -> ServerSettings:
    """The settings, after a look at Redis, Postgres and the local folder; logs go where they say from now on.

    Raises StartRefused.
    """
    settings = load(ServerSettings, host=host, port=port, open=is_open)
    configure(settings.log_format, settings.log_level, process=process)
    asyncio.run(_look_at_stores(settings))
    return settings


def _fitting(settings: ServerSettings, allowed: int) -> ServerSettings:
    """The settings, with no more connections than the descriptors suffice for."""
    if descriptors.sockets_for(settings.max_connections) + descriptors.RESERVED <= allowed:
        return settings
    connections = min(settings.max_connections, descriptors.connections_for(allowed))
    if connections < 1:
        raise SettingsError([f"this process may open {allowed} files, which is too few for any connection: ulimit -n"])
    warn(Event.CONNECTIONS_LOWERED, connections=connections, wanted=settings.max_connections, descriptors=allowed)
    return settings.model_copy(update={"max_connections": connections})


async def _look_at_stores(settings: ServerSettings) -> None:
    # One that is away for now may come: /ready says so until then.
    try:
        async with connect(settings.redis_url, seconds=settings.redis_seconds) as client:
            await inspect(client, Keys(settings.redis_prefix))
    except StoreUnavailable as error:
        warn(Event.STORE_LOST, reason=str(error))
    if settings.database_url.get_secret_value():
        try:
            await inspect_database(settings.database_url, pooler=settings.database_pooler)
        except DatabaseUnavailable as error:
            warn(Event.DATABASE_LOST, detail=str(error))
    async with opened(local_objects(settings)):
        pass
