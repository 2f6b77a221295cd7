"""Work that goes on beside everything else: how it is started, and what may not end it."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from storage.errors import StoreUnavailable
from storage.logs import Event, log_error


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
