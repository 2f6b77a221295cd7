"""A watcher that takes everything at once, and keeps it."""

from server.hub.subscription import Event, Subscription
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId


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
