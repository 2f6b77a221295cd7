import asyncio

import pytest

from storage.tasks import end, unbroken

pytestmark = pytest.mark.timeout(10)


async def test_a_task_that_swallows_its_first_cancellation_ends_all_the_same() -> None:
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)

    await end(task)

    assert swallowed.is_set()
    assert task.cancelled()


async def test_what_ended_tasks_raise_is_not_told() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    running, ended = asyncio.create_task(fail()), asyncio.create_task(fail())
    await asyncio.wait([ended])

    await end(running, ended)
    await end()


async def test_unbroken_work_goes_on_to_its_end_whoever_stops_waiting() -> None:
    go, begun = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        begun.set()
        await go.wait()
        return "done"

    waiting = asyncio.create_task(unbroken(work()))
    await begun.wait()
    for _ in range(3):
        waiting.cancel()
        await asyncio.sleep(0)
    go.set()

    assert await waiting == "done"


async def test_what_unbroken_work_raises_passes() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def is_cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(ZeroDivisionError):
        await unbroken(fail())
    with pytest.raises(asyncio.CancelledError):
        await unbroken(is_cancelled())
