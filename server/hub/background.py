"""Work that goes on beside everything else: how it is started, how it is known to go on, and what may not end it."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from storage.errors import StoreUnavailable
from storage.logs import Event, log_error
from storage.tasks import end


class Background:
    """Tasks that are to go on until `aclose`. `whole` is whether none of them has ended yet; such an end is logged."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def whole(self) -> bool:
        return not any(task.done() for task in self._tasks)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(start(work, name))

    async def aclose(self) -> None:
        await end(*self._tasks)


def start(work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
    """Run `work`, which belongs to the caller. Should it fail, that is logged at once."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    return task


async def quietly(work: Awaitable[object]) -> None:
    """What is done by the way must not end the task that does it."""
    try:
        await work
    except StoreUnavailable:
        pass
    except Exception as error:
        log_error(Event.CRASHED, exception=error)


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log_error(Event.CRASHED, exception=error)
