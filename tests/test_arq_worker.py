import asyncio

import httpx
import pytest

from arq_worker import own_kinds, unless, worker_name
from jobs.providers.painter import Painter
from jobs.settings import WorkerSettings
from storage.jobs import JobStore
from storage.stored import UNBOUNDED, Most


async def test_each_kind_has_its_own_time_and_its_own_places(store: JobStore) -> None:
    settings = WorkerSettings(
        characters_at_once=5,
        characters_seconds=30,
        characters_running=7,
        portraits_at_once=2,
        portrait_seconds=60,
        portraits_running=9,
        owner_running=3,
        provider_running={"painter": 4},
    )
    painter = Painter()
    async with httpx.AsyncClient() as http:
        kinds = own_kinds(settings, store, http, painter)
    painter.close()

    characters, portrait = kinds["characters"], kinds["portrait"]
    assert (characters.at_once, characters.seconds, characters.most) == (5, 30, Most(7, UNBOUNDED, 3))
    assert (portrait.at_once, portrait.seconds, portrait.most) == (2, 60, Most(9, 4, 3))


def test_no_two_workers_have_the_same_name() -> None:
    assert worker_name() != worker_name()


async def test_what_would_take_for_ever_is_broken_off_by_the_end() -> None:
    stop, begun, broken_off = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def for_ever() -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken_off.set()
        return 1

    waiting = asyncio.create_task(unless(stop, for_ever()))
    await begun.wait()
    stop.set()

    assert await waiting is None
    assert broken_off.is_set()


async def test_what_ends_before_answers_or_raises() -> None:
    async def answer() -> int:
        return 1

    async def refuse() -> int:
        raise ZeroDivisionError

    assert await unless(asyncio.Event(), answer()) == 1
    with pytest.raises(ZeroDivisionError):
        await unless(asyncio.Event(), refuse())
