"""A watcher that takes everything at once, and keeps it."""

import asyncio

from server.hub.subscription import Event, Subscription
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId

DEADLINE_SECONDS = 20.0


class Listener:
    """`heard` holds versions, and what else was told in short."""

    def __init__(self) -> None:
        self.heard: list[int | str] = []

    def deliver(self, subscription: Subscription, event: Event) -> None:
        subscription.seen = event.version
        self.heard.append(int(event.version))

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        subscription.seen = NO_VERSION
        self.heard.append("expired" if expired else "unknown")

    def subscribed(self, job_ids: list[JobId]) -> None:
        self.heard.append(f"subscribed {len(job_ids)}")

    def withdraw(self, subscription: Subscription) -> None:
        pass

    def unavailable(self) -> None:
        raise AssertionError("a subscription knows nothing of Redis")

    def fail(self) -> None:
        raise AssertionError("nothing of it has raised")


class Follower(Listener):
    """A listener that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def deliver(self, subscription: Subscription, event: Event) -> None:
        super().deliver(subscription, event)
        self._news.set()

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        super().missing(subscription, expired=expired)
        self._news.set()

    def subscribed(self, job_ids: list[JobId]) -> None:
        super().subscribed(job_ids)
        self._news.set()

    async def until(self, heard: int | str, times: int = 1) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.heard.count(heard) < times:
                self._news.clear()
                await self._news.wait()
