"""Waiting for a job without a socket: `Prefer: wait` (RFC 7240), over the same hub."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from server.hub.drain import Drain
from server.hub.hub import Hub
from server.hub.subscription import Event, Subscription
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId


class Waiter:
    """A watcher that waits for the first state that `enough` accepts. As a guest of the drain it answers at once."""

    def __init__(self, enough: Callable[[Event], bool]) -> None:
        self._enough = enough
        self.found = asyncio.Event()

    def deliver(self, subscription: Subscription, event: Event) -> None:
        subscription.seen = event.version
        if self._enough(event):
            self.found.set()

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        subscription.seen = NO_VERSION
        self.found.set()

    def subscribed(self, job_ids: list[JobId]) -> None:
        pass

    def withdraw(self, subscription: Subscription) -> None:
        pass

    def unavailable(self) -> None:
        self.found.set()

    def go_away(self) -> None:
        self.found.set()


async def wait_for_change(hub: Hub, drain: Drain, seen: Mapping[JobId, bytes], seconds: float) -> None:
    """Return when one of the jobs has another version than `seen` says, or is gone, or the time is over."""
    await _wait(hub, drain, Waiter(lambda _: True), seen, seconds)


async def wait_for_end(hub: Hub, drain: Drain, job_id: JobId, seconds: float) -> None:
    """Return when the job is final, or gone, or the time is over."""
    await _wait(hub, drain, Waiter(lambda event: event.final), {job_id: NO_VERSION}, seconds)


async def _wait(hub: Hub, drain: Drain, waiter: Waiter, seen: Mapping[JobId, bytes], seconds: float) -> None:
    hub.watch(waiter, seen)
    drain.enter(waiter)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await waiter.found.wait()
    finally:
        drain.leave(waiter)
        hub.unwatch(waiter, seen)
