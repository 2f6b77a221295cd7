"""The worker process, put together: `python arq_worker.py`, or `./limner worker`."""

import asyncio
import signal
import sys

import httpx
import uvloop

from jobs.characters import KIND as CHARACTERS
from jobs.characters import WriteCharacters
from jobs.delivery import Deliverer
from jobs.persistence import persistently
from jobs.places import Places
from jobs.portraits import KIND as PORTRAIT
from jobs.portraits import PaintPortrait
from jobs.providers.base import TextProvider
from jobs.providers.chat import Chat
from jobs.providers.grammar import Grammar
from jobs.providers.painter import Painter
from jobs.registry import Kind, registry
from jobs.runner import Runner
from jobs.settings import WorkerSettings
from jobs.sweeper import Sweeper
from storage.connect import connect, inspect
from storage.durations import Durations
from storage.errors import SettingsError, UnfitStore
from storage.jobs import JobStore
from storage.keys import Keys
from storage.logs import Event, configure, log, warn
from storage.settings import load
from storage.tasks import end

REFUSED = 2
"""Exit status of a start that no second try can help."""


async def work(settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT: then take no more jobs, and hand back those that do not end in the time of grace.

    Waits for Redis if it is away. Raises UnfitStore.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    keys = Keys(settings.redis_prefix)
    painter = Painter(seconds=settings.painter_seconds, threads=settings.portraits_at_once)
    async with connect(settings.redis_url, seconds=settings.redis_seconds) as client, httpx.AsyncClient() as http:
        for remark in await persistently(lambda: inspect(client, keys)):
            warn(Event.STORE_UNSAFE, remark=remark)
        store = JobStore(client, keys, settings)
        kinds = registry(
            Kind(
                CHARACTERS,
                WriteCharacters(text := text_provider(settings, http), store),
                text.name,
                settings.characters_at_once,
            ),
            Kind(PORTRAIT, PaintPortrait(painter, settings.public_url), painter.name, settings.portraits_at_once),
        )
        runner = Runner(store, Durations(client, keys), kinds, settings)
        deliverers = [
            Deliverer(client.connection_pool, keys, kind.name, runner.run, at_once=kind.at_once)
            for kind in kinds.values()
        ]
        sweeper = Sweeper(store, settings)
        log(Event.WORKER_STARTED, kinds=", ".join(kinds))
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(deliverer.serve(), name=deliverer.kind) for deliverer in deliverers]
                tasks.append(group.create_task(sweeper.serve(), name="sweeper"))
                tasks.append(group.create_task(Places(store, list(kinds)).serve(), name="places"))
                await stop.wait()
                await end(*tasks)
                await asyncio.gather(*(deliverer.join(settings.finish_seconds) for deliverer in deliverers))
        finally:
            painter.close()
        log(Event.WORKER_STOPPED)


def text_provider(settings: WorkerSettings, http: httpx.AsyncClient) -> TextProvider:
    if settings.text_provider == "grammar":
        return Grammar()
    return Chat(http, base_url=str(settings.chat_url), model=settings.chat_model, api_key=settings.chat_api_key)


def main() -> int:
    """Run a worker. Answers the exit status: REFUSED, with a sentence for each fault, where it cannot start."""
    try:
        settings = load(WorkerSettings)
        configure(settings.log_format, settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(settings))
    except (SettingsError, UnfitStore) as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
