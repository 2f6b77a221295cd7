import asyncio

import pytest

from arq_worker import unless, worker_name


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
