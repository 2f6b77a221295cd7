"""The worker process, put together: `python arq_worker.py`, or `./limner worker`."""

import asyncio
import contextlib
import functools
import os
import secrets
import signal
import socket
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

import httpx
import uvloop
from redis.asyncio import Redis

from jobs.abandonment import Abandonment
from jobs.claims import Claims
from jobs.delivery import Deliverer
from jobs.kinds import Kinds, Tools, open_portrait_provider, own_kinds
from jobs.leases import Leases
from jobs.media_sweep import MediaSweep
from jobs.persistence import persistently
from jobs.places import Places
from jobs.presence import Presence
from jobs.providers.loop import Loop
from jobs.providers.painter import Painter
from jobs.runner import Runner
from jobs.settings import WorkerSettings
from jobs.signals import Signals
from jobs.sweeper import Sweeper
from jobs.temporary_objects import TemporaryObjects
from jobs.webhooks.deliverer import WebhookDeliverer
from jobs.webhooks.sender import Sender
from storage.characters import CharacterIndex
from storage.connect import connect, inspect
from storage.durations import Durations
from storage.errors import REFUSED, DatabaseUnavailable, StartRefused, StoreUnavailable
from storage.jobs import JobStore
from storage.kept import kept_of
from storage.kept import opened as kept_opened
from storage.keys import Keys
from storage.line import Line
from storage.logs import Event, configure, log, warn
from storage.migrating import inspect_database
from storage.objects.opening import open_objects
from storage.objects.reporting import ReportingObjects
from storage.portraits import PortraitStore
from storage.providers import Providers
from storage.queues import Queues
from storage.settings import load
from storage.tasks import end
from storage.webhooks import WebhookStore
from storage.workers import Workers

T = TypeVar("T")

TEMPORARY_SECONDS = 60.0
"""How often a worker looks for temporary objects whose jobs are gone."""


class Background(Protocol):
    """What goes on beside the runs, until it is cancelled."""

    async def serve(self) -> None: ...


async def work(settings: WorkerSettings, make_kinds: Kinds | None = None) -> None:
    """Work until SIGTERM or SIGINT: then take no more jobs, and hand back those that do not end in the time of grace.

    At the kinds of `own_kinds`, unless others are made. Waits for Redis if it is away. Raises StartRefused.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    keys = Keys(settings.redis_prefix)
    painter = Painter(seconds=settings.painter_seconds, threads=settings.portraits_at_once)
    videos = Loop(threads=settings.videos_at_once)
    kept = kept_of(settings)
    line = Line(settings.redis_url, seconds=settings.redis_seconds)
    async with (
        connect(settings.redis_url, seconds=settings.redis_seconds) as client,
        httpx.AsyncClient() as http,
        Sender(settings.webhook_secrets, seconds=settings.webhook_seconds, private=settings.webhook_private) as sender,
        open_portrait_provider(settings, painter) as portrait_provider,
        kept_opened(kept),
        open_objects(settings) as object_store,
    ):
        remarks = await unless(stop, look_at_redis(client, keys))
        if remarks is None:
            return
        for remark in remarks:
            warn(Event.STORE_UNSAFE, remark=remark)
        await look_at_database(settings)
        objects = ReportingObjects(object_store) if object_store is not None else None
        store = JobStore(client, keys, settings, commands=line)
        queues = Queues(line, keys)
        durations = Durations(line, keys)
        portraits = PortraitStore(client, keys)
        characters = CharacterIndex(line, keys, keep_seconds=settings.character_seconds)
        tools = Tools(store, portraits, characters, http, portrait_provider, videos, kept, objects)
        kinds = (make_kinds or own_kinds)(settings, tools)
        lease_ms = int(settings.lease_seconds * 1000)
        leases = Leases(store, lease_ms=lease_ms, every=settings.renew_seconds)
        name = worker_name()
        claims = Claims(store, queues, durations, worker=name, lease_ms=lease_ms)
        runner = Runner(store, durations, leases, kinds)
        signals = Signals(settings.redis_url, keys)
        abandonment = Abandonment(store, kinds)
        signals.on_stopped(leases.lost)
        signals.on_stopped(abandonment.ended)
        deliverers = []
        for kind in kinds.values():
            begin = functools.partial(claims.begin, kind)
            deliverers.append(
                Deliverer(client.connection_pool, keys, kind.name, begin, runner.run, at_once=kind.at_once)
            )
            signals.on_wake(kind.name, deliverers[-1].wake)
        background: list[Background] = [
            leases,
            Sweeper(store, settings),
            Places(store, queues, durations, Providers(line, keys), list(kinds.values())),
            durations,
            abandonment,
            Presence(Workers(line, keys), name, kinds.values(), leases),
        ]
        if objects is not None:
            background.append(TemporaryObjects(store, objects, seconds=TEMPORARY_SECONDS))
        if kept is not None and objects is not None:
            # What a run has asked of the object store may outlive the run.
            most = max(settings.upload_seconds, settings.video_seconds) + settings.objects_seconds
            sweep = MediaSweep(store, portraits, kept, objects, seconds=settings.media_seconds, most=most)
            background.append(sweep)
        if settings.webhook_secrets:
            webhooks = WebhookStore(line, keys)
            background.append(
                WebhookDeliverer(webhooks, sender, at_once=settings.webhooks_at_once, seconds=settings.webhook_seconds)
            )
        log(Event.WORKER_STARTED, kinds=", ".join(kinds))
        try:
            signals.start()
            await serve(stop, deliverers, background, finish_seconds=settings.finish_seconds)
        finally:
            await signals.aclose()
            await line.aclose()
            painter.close()
            videos.close()
        log(Event.WORKER_STOPPED)


async def serve(
    stop: asyncio.Event, deliverers: Sequence[Deliverer], background: Sequence[Background], *, finish_seconds: float
) -> None:
    """Until told to `stop`: then no more jobs are taken, the runs end or are handed back, and last what tends them."""
    try:
        async with asyncio.TaskGroup() as group:
            tending = [group.create_task(each.serve(), name=type(each).__name__) for each in background]
            delivering = [group.create_task(deliverer.serve(), name=deliverer.kind) for deliverer in deliverers]
            await stop.wait()
            await end(*delivering)
            await asyncio.gather(*(deliverer.join(finish_seconds) for deliverer in deliverers))
            await end(*tending)
    finally:
        await asyncio.gather(*(deliverer.join(0) for deliverer in deliverers))  # where something has crashed


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns, or none if it is to `stop` before."""
    stopping, working = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(work)
    try:
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await end(stopping, working)


def worker_name() -> str:
    """Another one in every process, now and later."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


async def look_at_redis(client: Redis, keys: Keys) -> Sequence[str]:
    """Remarks on it, however long it is away. Raises UnfitStore."""
    try:
        return await inspect(client, keys)
    except StoreUnavailable as error:
        warn(Event.STORE_LOST, reason=str(error))
    remarks = await persistently(lambda: inspect(client, keys))
    log(Event.STORE_BACK)
    return remarks


async def look_at_database(settings: WorkerSettings) -> None:
    """Raises UnfitDatabase. One that is away for now may come: what is kept waits until then."""
    if not settings.database_url.get_secret_value():
        return
    with contextlib.suppress(DatabaseUnavailable):
        for remark in await inspect_database(settings.database_url, pooler=settings.database_pooler):
            warn(Event.DATABASE_REMARK, remark=remark)


def main(make_kinds: Kinds | None = None) -> int:
    """Run a worker. Answers the exit status: REFUSED, with a sentence for each fault, where it cannot start."""
    try:
        settings = load(WorkerSettings)
        configure(settings.log_format, settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(settings, make_kinds))
    except StartRefused as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
