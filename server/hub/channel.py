"""One job's channel: who watches it, and what was heard of the job."""

from server.hub.subscription import Event, Subscription, Watcher
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.stored import Stored


class Channel:
    """`acknowledged` is whether Redis has said that it publishes to the connection that stands.

    `known` is whether a snapshot was read since. Then `newest` is the version of the newest state, NO_VERSION where
    there is no job, and `final` whether that is a final one.
    """

    __slots__ = ("_all", "_reading", "acknowledged", "final", "job_id", "known", "name", "newest", "subscriptions")

    def __init__(self, job_id: JobId, name: bytes) -> None:
        self.job_id = job_id
        self.name = name
        self.subscriptions: dict[Watcher, Subscription] = {}
        """To be changed by `add` and `remove` only."""
        self._all: tuple[Subscription, ...] | None = ()
        self.acknowledged = False
        self._reading = False
        self.known = False
        self.newest = NO_VERSION
        self.final = False

    def add(self, watcher: Watcher, subscription: Subscription) -> None:
        self.subscriptions[watcher] = subscription
        self._all = None

    def remove(self, watcher: Watcher) -> Subscription | None:
        self._all = None
        return self.subscriptions.pop(watcher, None)

    def rewind(self) -> None:
        """What was published may have been missed: the next snapshot is the first thing that is known."""
        self._reading = self.known = self.final = False
        self.newest = NO_VERSION
        for subscription in self.subscriptions.values():
            subscription.rewind()

    def read_begins(self) -> None:
        self._reading = True
        for subscription in self.subscriptions.values():
            subscription.read_begins()

    def on_event(self, event: Event) -> None:
        if event.version > self.newest:
            self.newest, self.final = event.version, event.final
        # A tuple lies in one place, a dictionary in three.
        subscriptions = self._all
        if subscriptions is None:
            subscriptions = self._all = tuple(self.subscriptions.values())
        for subscription in subscriptions:
            subscription.on_event(event)

    def on_snapshot(self, stored: Stored | None) -> None:
        """What was read. It is passed over if the channel was rewound since the reading began; another one follows."""
        if not self._reading:
            return
        self._reading = False
        self.known = True
        snapshot = Event(stored.record) if stored is not None and stored.record is not None else None
        if snapshot is not None and snapshot.version > self.newest:
            self.newest, self.final = snapshot.version, snapshot.final
        for subscription in self.subscriptions.values():
            subscription.on_snapshot(snapshot, expired=stored is not None)
