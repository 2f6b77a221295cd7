"""The server, put together: the map of the house."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from server import health, metrics, pages, problems, websocket
from server.admission import Admission, address_of
from server.api import (
    characters,
    control,
    events,
    front_end_images,
    front_end_jobs,
    jobs,
    portraits,
    queue,
    temp_portraits,
    uploads,
    videos,
    worlds,
)
from server.api import objects as object_files
from server.hub.background import Background
from server.hub.counters import Counters
from server.hub.drain import Drain
from server.hub.event_stream import Streams
from server.hub.hub import Hub, Intervals
from server.hub.polling import HeldRequests
from server.hub.websocket import Sockets
from server.identity import Identity
from server.limits import SubmissionLimits
from server.origins import OriginGuard
from server.services import Services
from server.settings import ServerSettings
from storage.characters import CharacterIndex
from storage.connect import connect
from storage.idempotency import IdempotencyKeys
from storage.jobs import JobStore
from storage.kept import kept_of
from storage.kept import opened as kept_opened
from storage.keys import Keys
from storage.line import Line
from storage.logs import Event, log, warn
from storage.memory import Memory
from storage.objects.local_directory import LocalObjects
from storage.objects.opening import objects_of
from storage.objects.opening import opened as objects_opened
from storage.portraits import PortraitStore
from storage.tokens import TokenBuckets

EXPOSED = ["ETag", "Location", "Retry-After"]
ALLOWED = ["Authorization", "Content-Type", "If-None-Match", "Prefer", "Idempotency-Key"]


def create_app(settings: ServerSettings) -> Starlette:
    """The whole application. Raises SettingsError for an address that is none; nobody need be there yet."""
    redis = connect(settings.redis_url, seconds=settings.redis_seconds)
    line = Line(settings.redis_url, seconds=settings.redis_seconds)
    keys = Keys(settings.redis_prefix)
    store = JobStore(redis, keys, settings, commands=line, memory=Memory(line))

    async def renew() -> None:
        line.renew()
        await redis.connection_pool.disconnect(inuse_connections=False)

    counters = Counters()
    drain = Drain(counters)
    hub = Hub(
        redis,
        store,
        keys,
        settings.redis_url,
        counters=counters,
        intervals=Intervals(
            touch=min(60, settings.keep_seconds / 3),
            linger=settings.linger_seconds,
            backstop=settings.backstop_seconds,
            probe=settings.probe_seconds,
            probe_answer=settings.probe_answer_seconds,
        ),
        on_deaf=renew,
    )
    admission = Admission(
        drain, counters, most=settings.max_connections, most_per_address=settings.max_connections_per_address
    )
    objects = objects_of(settings)
    services = Services(
        settings=settings,
        redis=redis,
        store=store,
        portraits=PortraitStore(redis, keys),
        characters=CharacterIndex(line, keys, keep_seconds=settings.character_seconds),
        kept=kept_of(settings),
        objects=objects,
        hub=hub,
        sockets=Sockets(hub, settings.limits, drain, counters),
        streams=Streams(hub, settings.limits, drain, counters),
        held_requests=HeldRequests(hub, drain, admission, counters, address_of),
        drain=drain,
        counters=counters,
        identity=Identity(settings),
        admission=admission,
        limits=SubmissionLimits(settings, TokenBuckets(line, keys), counters),
        idempotency=IdempotencyKeys(line, keys),
        clocks=Background(),
    )

    figures = metrics.Metrics(services)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        if not settings.secret.get_secret_value():
            warn(Event.SESSIONS_END, setting="LIMNER_SECRET")
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(figures.update)
            stack.push_async_callback(redis.aclose)
            stack.push_async_callback(line.aclose)
            await stack.enter_async_context(kept_opened(services.kept))
            await stack.enter_async_context(objects_opened(objects))
            await hub.start()
            stack.push_async_callback(hub.aclose)
            stack.push_async_callback(services.clocks.aclose)
            services.clocks.start(services.sockets.tick(), "sockets' clock")
            services.clocks.start(services.streams.tick(), "event streams' clock")
            services.clocks.start(figures.tick(), "metrics")
            yield {"drain": drain}
        log(Event.SERVER_STOPPED, connections=drain.sent_off, seconds=round(counters.drain_seconds, 3))

    app = Starlette(
        routes=[
            *characters.routes(services),
            *portraits.routes(services),
            *videos.routes(services),
            *uploads.routes(services),
            *front_end_jobs.routes(services),
            *front_end_images.routes(services),
            *jobs.routes(services),
            *control.routes(services),
            *events.routes(services),
            *temp_portraits.routes(services),
            *queue.routes(services),
            *health.routes(services),
            *metrics.routes(services, figures),
            *websocket.routes(services),
            *worlds.routes(services),
            *object_files.routes(objects if isinstance(objects, LocalObjects) else None),
            *pages.routes(services),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_credentials=True,
                allow_methods=["GET", "POST", "PATCH", "DELETE"],
                allow_headers=ALLOWED,
                expose_headers=EXPOSED,
            ),
            Middleware(OriginGuard, allowed=settings.allowed_origins, counters=counters),
        ],
        exception_handlers=dict.fromkeys((*problems.HANDLED, Exception), problems.respond),
        lifespan=lifespan,
    )
    # A redirection would be made of the Host that the caller names.
    app.router.redirect_slashes = False
    return app
