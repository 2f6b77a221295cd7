"""One job's channel: who watches it, and what was heard of the job."""

from collections.abc import Callable

from server.hub.subscription import Event, Subscription, Watcher
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.stored import Stored


class Channel:
    """`acknowledged` is whether Redis has said that it publishes to the connection that stands.

    `known` is whether a snapshot was read since. Then `newest` is the version of the newest state, NO_VERSION where
    there is no job, and `final` whether that is a final one.

    `on_fault(watcher, error)` is called for a watcher that raised; all others are told what they are owed.
    """

    __slots__ = (
        "_all",
        "_on_fault",
        "_only",
        "_reading",
        "acknowledged",
        "final",
        "job_id",
        "known",
        "name",
        "newest",
        "subscriptions",
    )

    def __init__(self, job_id: JobId, name: bytes, *, on_fault: Callable[[Watcher, Exception], None]) -> None:
        self._on_fault = on_fault
        self.job_id = job_id
        self.name = name
        self.subscriptions: dict[Watcher, Subscription] = {}
        """To be changed by `add` and `remove` only."""
        self._all: tuple[Subscription, ...] | None = ()
        self._only: Subscription | None = None
        self.acknowledged = False
        self._reading = False
        self.known = False
        self.newest = NO_VERSION
        self.final = False

    def add(self, watcher: Watcher, subscription: Subscription) -> None:
        self.subscriptions[watcher] = subscription
        self._changed()

    def remove(self, watcher: Watcher) -> Subscription | None:
        subscription = self.subscriptions.pop(watcher, None)
        self._changed()
        return subscription

    def _changed(self) -> None:
        self._all = None
        self._only = next(iter(self.subscriptions.values())) if len(self.subscriptions) == 1 else None

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
        if (only := self._only) is not None:
            try:
                only.on_event(event)
            except Exception as error:
                self._on_fault(only.watcher, error)
            return
        # A tuple lies in one place, a dictionary in three.
        subscriptions = self._all
        if subscriptions is None:
            subscriptions = self._all = tuple(self.subscriptions.values())
        following = iter(subscriptions)
        while True:
            try:
                for subscription in following:
                    subscription.on_event(event)
                return
            except Exception as error:  # and on with the one after it
                self._on_fault(subscription.watcher, error)

    def on_snapshot(self, stored: Stored | None) -> bool:
        """What was read. It is passed over if the channel was rewound since the reading began; another one follows.

        False: nothing was found of a job that an event told of meanwhile. The event may be from before the job was
        removed or from after it appeared, so that the channel was rewound, and is to be read again.
        """
        if not self._reading:
            return True
        snapshot = Event(stored.record) if stored is not None and stored.record is not None else None
        if snapshot is None and any(subscription.holds for subscription in self.subscriptions.values()):
            self.rewind()
            return False
        self._reading = False
        self.known = True
        if snapshot is not None and snapshot.version > self.newest:
            self.newest, self.final = snapshot.version, snapshot.final
        for subscription in list(self.subscriptions.values()):
            try:
                subscription.on_snapshot(snapshot, expired=stored is not None)
            except Exception as error:
                self._on_fault(subscription.watcher, error)
        return True
