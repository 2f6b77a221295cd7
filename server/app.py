"""The server, put together: the map of the house."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from server import health, pages, problems, websocket
from server.api import characters, jobs, portraits, temp_portraits
from server.hub.counters import Counters
from server.hub.drain import Drain
from server.hub.hub import Hub
from server.hub.websocket import Sockets
from server.identity import Identity
from server.limits import Admission
from server.origins import OriginGuard
from server.services import Services
from server.settings import ServerSettings
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.logs import Event, log, warn
from storage.portraits import PortraitStore

EXPOSED = ["ETag", "Location", "Retry-After"]
ALLOWED = ["Authorization", "Content-Type", "If-None-Match", "Prefer", "Idempotency-Key"]


def create_app(settings: ServerSettings) -> Starlette:
    """The whole application. Raises SettingsError for a Redis URL that is none; Redis need not be there yet."""
    redis = connect(settings.redis_url)
    keys = Keys(settings.redis_prefix)
    store = JobStore(redis, keys, settings)
    counters = Counters()
    drain = Drain(counters)
    hub = Hub(
        store,
        keys,
        settings.redis_url,
        counters=counters,
        touch_seconds=min(60.0, settings.keep_seconds / 3),
        backstop_seconds=settings.backstop_seconds,
    )
    services = Services(
        settings=settings,
        redis=redis,
        store=store,
        portraits=PortraitStore(redis, keys),
        hub=hub,
        sockets=Sockets(hub, settings.limits, drain, counters),
        drain=drain,
        counters=counters,
        identity=Identity(settings),
        admission=Admission(most=settings.max_connections, most_per_address=settings.max_connections_per_address),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        if not settings.secret.get_secret_value():
            warn(Event.SESSIONS_END, setting="LIMNER_SECRET")
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(redis.aclose)
            await hub.start()
            stack.push_async_callback(hub.aclose)
            clock = asyncio.create_task(services.sockets.tick(), name="sockets' clock")
            stack.callback(clock.cancel)
            log(Event.SERVER_STARTED, host=settings.host, port=settings.port)
            yield {"drain": drain}
        log(Event.SERVER_STOPPED)

    app = Starlette(
        routes=[
            *characters.routes(services),
            *portraits.routes(services),
            *jobs.routes(services),
            *temp_portraits.routes(services),
            *health.routes(services),
            *websocket.routes(services),
            *pages.routes(),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_credentials=True,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=ALLOWED,
                expose_headers=EXPOSED,
            ),
            Middleware(OriginGuard, allowed=settings.allowed_origins),
        ],
        exception_handlers=dict.fromkeys((*problems.HANDLED, Exception), problems.respond),
        lifespan=lifespan,
    )
    # A redirection would be made of the Host that the caller names.
    app.router.redirect_slashes = False
    return app
