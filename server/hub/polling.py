"""Waiting for a job without a socket: `Prefer: wait` (RFC 7240), over the same hub."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from starlette.types import Scope

from server.hub.counters import Counters
from server.hub.drain import Drain
from server.hub.http_wire import wire_of
from server.hub.hub import Hub
from server.hub.subscription import Event, Subscription
from server.limits import Admission, address_of
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId

TRANSPORT = "wait"
EXPIRED = b"expired"
"""Stands for the version of a job that is no longer kept, as NO_VERSION does for one that is not there."""


class Waiter:
    """A watcher that waits for the first state that `enough` accepts, or for a job to be missing that `had` has.

    As a guest of the drain it is sent away, and waits no longer.
    """

    def __init__(self, had: Mapping[JobId, bytes], enough: Callable[[Event], bool]) -> None:
        self._had = had
        self._enough = enough
        self.found = asyncio.Event()
        self.sent_away = False

    def deliver(self, subscription: Subscription, event: Event) -> None:
        subscription.seen = event.version
        if self._enough(event):
            self.found.set()

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        subscription.seen = NO_VERSION
        if self._had[subscription.job_id] != (EXPIRED if expired else NO_VERSION):
            self.found.set()

    def subscribed(self, job_ids: list[JobId]) -> None:
        pass

    def withdraw(self, subscription: Subscription) -> None:
        pass

    def unavailable(self) -> None:
        self.found.set()

    def go_away(self) -> None:
        self.sent_away = True
        self.found.set()


class HeldRequests:
    """Requests that wait for a job. Who finds no room does not wait, who is sent away or goes waits no longer."""

    def __init__(self, hub: Hub, drain: Drain, admission: Admission, counters: Counters) -> None:
        self._hub = hub
        self._drain = drain
        self._admission = admission
        self._counters = counters

    async def until_change(self, scope: Scope, had: Mapping[JobId, bytes], seconds: float) -> bool:
        """Wait until one of the jobs is another than the caller has, or the store is away, or the time is over.

        `had` says of each job its version, or NO_VERSION or EXPIRED. False: it was not waited for as asked.
        """
        return await self._wait(scope, Waiter(had, lambda _: True), had, seconds)

    async def until_final(self, scope: Scope, job_id: JobId, version: bytes, seconds: float) -> bool:
        """Wait until the job is final or gone, or the store is away, or the time is over. The answer is the same."""
        had = {job_id: version}
        return await self._wait(scope, Waiter(had, lambda event: event.final), had, seconds)

    async def _wait(self, scope: Scope, waiter: Waiter, had: Mapping[JobId, bytes], seconds: float) -> bool:
        wire, address = wire_of(scope), address_of(scope)
        if wire is None or self._admission.enter(TRANSPORT, address) is not None:
            return False
        wire.on_lost = waiter.found.set
        self._counters.accepted[TRANSPORT] += 1
        try:
            self._hub.watch(waiter, had)
            self._drain.enter(waiter)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await waiter.found.wait()
        finally:
            wire.on_lost = None
            self._drain.leave(waiter)
            self._hub.unwatch(waiter, had)
            self._admission.leave(TRANSPORT, address)
        return not waiter.sent_away
