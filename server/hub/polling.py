"""Waiting for a job without a socket: `Prefer: wait` (RFC 7240), over the same hub."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.types import Scope

from server.hub.counters import Counters, Refusal, Transport
from server.hub.drain import Drain
from server.hub.http_wire import wire_of
from server.hub.hub import Hub
from server.hub.subscription import Event, Subscription
from storage.errors import StoreUnavailable
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId

EXPIRED = b"expired"
"""Stands for the version of a job that is no longer kept, as NO_VERSION does for one that is not there."""


class Waiter:
    """A watcher that waits for the first state that `enough` accepts, or for a job to be missing that `had` has.

    As a guest of the drain it is sent away, and cut off when the store is: then it waits no longer, and knows nothing.
    """

    def __init__(self, had: Mapping[JobId, bytes], enough: Callable[[Event], bool]) -> None:
        self._had = had
        self._enough = enough
        self.found = asyncio.Event()
        self.sent_away = False
        self.cut_off = False

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
        self.cut_off = self.cut_off or not self.found.is_set()
        self.found.set()

    def fail(self) -> None:
        self.unavailable()

    def go_away(self) -> None:
        self.sent_away = True
        self.found.set()


class Admission(Protocol):
    """Who decides whether there is room for another one who waits. `server.admission.Admission` is one."""

    def enter(self, transport: Transport, address: str) -> Refusal | None: ...

    def leave(self, transport: Transport, address: str) -> None: ...


class HeldRequests:
    """Requests that wait for a job. Who finds no room does not wait, who is sent away or goes waits no longer.

    `address_of` says where a request comes from.
    """

    def __init__(
        self, hub: Hub, drain: Drain, admission: Admission, counters: Counters, address_of: Callable[[Scope], str]
    ) -> None:
        self._address_of = address_of
        self._hub = hub
        self._drain = drain
        self._admission = admission
        self._counters = counters

    async def until_change(self, scope: Scope, had: Mapping[JobId, bytes], seconds: float) -> bool:
        """Wait until one of the jobs is another than the caller has, or the time is over.

        `had` says of each job its version, or NO_VERSION or EXPIRED. False: it was not waited for as asked. Raises
        StoreUnavailable as soon as events do not come in: who asked again at once would never be held.
        """
        waiter = Waiter(had, lambda _: True)
        held = await self._wait(scope, waiter, had, seconds)
        if waiter.cut_off and not waiter.sent_away:
            raise StoreUnavailable("events do not come in")
        return held

    async def until_final(self, scope: Scope, job_id: JobId, version: bytes, seconds: float) -> bool:
        """Wait until the job is final or gone, or the time is over. False: it was not waited for as asked."""
        had = {job_id: version}
        return await self._wait(scope, Waiter(had, lambda event: event.final), had, seconds)

    async def _wait(self, scope: Scope, waiter: Waiter, had: Mapping[JobId, bytes], seconds: float) -> bool:
        wire, address = wire_of(scope), self._address_of(scope)
        if wire is None or wire.pipelined or self._admission.enter(Transport.WAIT, address) is not None:
            return False
        wire.on_lost = waiter.found.set
        self._counters.accepted[Transport.WAIT] += 1
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
            self._admission.leave(Transport.WAIT, address)
        return not (waiter.sent_away or waiter.cut_off)
