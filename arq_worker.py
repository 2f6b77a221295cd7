"""The worker process, put together: `python arq_worker.py`, or `./limner worker`."""

import asyncio
import contextlib
import functools
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol, TypeVar

import httpx
import uvloop

from jobs.abandonment import Abandonment
from jobs.backoff import ATTEMPTS
from jobs.characters import KIND as CHARACTERS
from jobs.characters import WriteCharacters
from jobs.claims import Claims
from jobs.delivery import Deliverer
from jobs.leases import Leases
from jobs.persistence import persistently
from jobs.places import Places
from jobs.portraits import KIND as PORTRAIT
from jobs.portraits import PaintPortrait
from jobs.presence import Presence
from jobs.providers.base import TextProvider
from jobs.providers.chat import Chat
from jobs.providers.grammar import Grammar
from jobs.providers.http import Http
from jobs.providers.painter import Painter
from jobs.providers.replicate import Replicate
from jobs.registry import Kind, Registry, registry
from jobs.remote_task import abandoning
from jobs.runner import Runner
from jobs.settings import WorkerSettings
from jobs.signals import Signals
from jobs.sweeper import Sweeper
from jobs.webhooks.deliverer import WebhookDeliverer
from jobs.webhooks.sender import Sender
from storage.connect import connect, inspect
from storage.durations import Durations
from storage.errors import SettingsError, UnfitStore
from storage.jobs import JobStore
from storage.keys import Keys
from storage.line import Line
from storage.logs import Event, configure, log, warn
from storage.providers import Providers
from storage.queues import Queues
from storage.settings import load
from storage.tasks import end
from storage.webhooks import WebhookStore
from storage.workers import Workers

T = TypeVar("T")

REFUSED = 2
"""Exit status of a start that no second try can help."""


Kinds = Callable[[WorkerSettings, JobStore, httpx.AsyncClient, Painter], Registry]
"""Makes the kinds of job that a worker does."""


class Background(Protocol):
    """What goes on beside the runs, until it is cancelled."""

    async def serve(self) -> None: ...


async def work(settings: WorkerSettings, make_kinds: Kinds | None = None) -> None:
    """Work until SIGTERM or SIGINT: then take no more jobs, and hand back those that do not end in the time of grace.

    At the kinds of `own_kinds`, unless others are made. Waits for Redis if it is away. Raises UnfitStore.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    keys = Keys(settings.redis_prefix)
    painter = Painter(seconds=settings.painter_seconds, threads=settings.portraits_at_once)
    line = Line(settings.redis_url, seconds=settings.redis_seconds)
    async with (
        connect(settings.redis_url, seconds=settings.redis_seconds) as client,
        httpx.AsyncClient() as http,
        Sender(settings.webhook_secrets, seconds=settings.webhook_seconds, private=settings.webhook_private) as sender,
        portrait_provider(settings, painter) as portraits,
    ):
        remarks = await unless(stop, persistently(lambda: inspect(client, keys)))
        if remarks is None:
            return
        for remark in remarks:
            warn(Event.STORE_UNSAFE, remark=remark)
        store = JobStore(client, keys, settings, commands=line)
        queues = Queues(line, keys)
        durations = Durations(line, keys)
        if make_kinds is not None:
            kinds = make_kinds(settings, store, http, painter)
        else:
            kinds = own_kinds(settings, store, http, portraits)
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
        if settings.webhook_secrets:
            webhooks = WebhookStore(line, keys)
            background.append(
                WebhookDeliverer(webhooks, sender, at_once=settings.webhooks_at_once, seconds=settings.webhook_seconds)
            )
        log(Event.WORKER_STARTED, kinds=", ".join(kinds))
        try:
            async with asyncio.TaskGroup() as group:
                signals.start()
                tending = [group.create_task(each.serve(), name=type(each).__name__) for each in background]
                delivering = [group.create_task(deliverer.serve(), name=deliverer.kind) for deliverer in deliverers]
                await stop.wait()
                await end(*delivering)
                await asyncio.gather(*(deliverer.join(settings.finish_seconds) for deliverer in deliverers))
                await end(*tending)
        finally:
            await asyncio.gather(*(deliverer.join(0) for deliverer in deliverers))  # where something has crashed
            await signals.aclose()
            await line.aclose()
            painter.close()
        log(Event.WORKER_STOPPED)


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


def own_kinds(
    settings: WorkerSettings, store: JobStore, http: httpx.AsyncClient, portraits: Painter | Replicate
) -> Registry:
    text = text_provider(settings, http)
    return registry(
        Kind(
            CHARACTERS,
            WriteCharacters(text, store),
            text.name,
            settings.characters_at_once,
            settings.characters_seconds,
            settings.most(text.name, settings.characters_running),
        ),
        Kind(
            PORTRAIT,
            PaintPortrait(portraits, settings.public_url),
            portraits.name,
            settings.portraits_at_once,
            settings.portrait_seconds,
            settings.most(portraits.name, settings.portraits_running),
            abandoning(portraits) if isinstance(portraits, Replicate) else None,
        ),
    )


def text_provider(settings: WorkerSettings, http: httpx.AsyncClient) -> TextProvider:
    if settings.text_provider == "grammar":
        return Grammar()
    return Chat(http, base_url=str(settings.chat_url), model=settings.chat_model, api_key=settings.chat_api_key)


@contextlib.asynccontextmanager
async def portrait_provider(settings: WorkerSettings, painter: Painter) -> AsyncIterator[Painter | Replicate]:
    """Who paints the portraits: our own painter, or a provider with its connections."""
    if settings.portrait_provider == "painter":
        yield painter
        return
    url = str(settings.replicate_url)
    async with Http(settings.replicate_token, base_url=url) as http:
        yield Replicate(
            http,
            base_url=url,
            model=settings.replicate_model,
            cancel_after=settings.portrait_seconds * ATTEMPTS,
        )


def main(make_kinds: Kinds | None = None) -> int:
    """Run a worker. Answers the exit status: REFUSED, with a sentence for each fault, where it cannot start."""
    try:
        settings = load(WorkerSettings)
        configure(settings.log_format, settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(settings, make_kinds))
    except (SettingsError, UnfitStore) as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
