"""One watcher's interest in one job, and the events it is owed. What is to be sent is decided here, purely."""

from typing import Protocol

from server.hub.messages import job_frame
from storage.records.encoding import FINAL_LETTER, HEADER, NO_VERSION, VERSION_DIGITS
from storage.records.ids import JobId


class Event:
    """A record that was published or read, and the bytes that all sockets are sent of it."""

    __slots__ = ("final", "frame", "record", "version")

    def __init__(self, record: bytes) -> None:
        self.record = record
        # `version_of` and `is_final`, without the calls: this is done for every event.
        self.version = record[:VERSION_DIGITS]
        self.final = record[VERSION_DIGITS] == FINAL_LETTER
        self.frame = job_frame(record[HEADER:])


class Watcher(Protocol):
    """Whoever watches jobs through the hub.

    All calls come in the event loop; they must not block, and neither watch nor unwatch.
    """

    def deliver(self, subscription: "Subscription", event: Event) -> None:
        """A newer state. On writing it, its version is to be noted in `subscription.seen`."""

    def missing(self, subscription: "Subscription", *, expired: bool) -> None:
        """There is no such job, or it is no longer kept. The subscription stays, in case it appears.

        On writing it, `subscription.seen` is to become NO_VERSION.
        """

    def subscribed(self, job_ids: list[JobId]) -> None:
        """The current state of all of these was delivered; from here on every change is."""

    def withdraw(self, subscription: "Subscription") -> None:
        """What was delivered of it and was not written yet must not be written any more."""

    def unavailable(self) -> None:
        """Redis cannot be reached. Subscriptions stay, and everything is delivered again when it can."""

    def fail(self) -> None:
        """One of these calls raised, and nothing is watched any more. End it, so that its client comes again."""


class Inquiry:
    """One request to subscribe: answered when the snapshot of each of its jobs was delivered.

    A job that is asked for again meanwhile is open again: its state was taken back, and another one follows.
    """

    __slots__ = ("asked", "open", "watcher")

    def __init__(self, watcher: Watcher, asked: list[JobId]) -> None:
        self.watcher = watcher
        self.asked = asked
        self.open = set(asked)

    def settle(self, job_id: JobId) -> None:
        self.open.discard(job_id)
        self.answer()

    def withdraw(self, job_id: JobId) -> None:
        """Leave a job out. To be followed by `answer`, when all that are not wanted were left out."""
        self.asked = [asked for asked in self.asked if asked != job_id]
        self.open.discard(job_id)

    def answer(self) -> None:
        """Say `subscribed`, if nothing is open any more and it was not said yet."""
        if self.open:
            return
        asked, self.asked, self.open = self.asked, [], set()  # one that was full keeps its room
        if asked:
            self.watcher.subscribed(asked)


class Subscription:
    """`seen` is the version that the watcher has. Until the snapshot is there, events wait; then it is live.

    A watcher that comes back may be ahead of the store, and what it is given may wait before it is written. Live events
    are therefore compared with what was last given, and only a snapshot with what the watcher has.

    Whoever reads snapshots says `read_begins` before, so that one that was on its way already when something may have
    been missed is not taken for the one that is due.
    """

    __slots__ = ("_held", "_inquiries", "_newest", "_reading", "job_id", "live", "seen", "told_unavailable", "watcher")

    def __init__(self, watcher: Watcher, job_id: JobId, seen: bytes) -> None:
        self.watcher = watcher
        self.job_id = job_id
        self.seen = seen
        self.live = False
        self.told_unavailable = False
        """Whether its watcher was told that what it waits for cannot be read."""
        self._newest = NO_VERSION
        self._reading = False
        self._held: Event | None = None
        self._inquiries: list[Inquiry] = []

    @property
    def holds(self) -> bool:
        """Whether an event waits for the snapshot that is being read."""
        return self._reading and self._held is not None

    def ask(self, inquiry: Inquiry, seen: bytes) -> None:
        """Begin anew, with the version that the watcher says it has."""
        self._inquiries = [earlier for earlier in self._inquiries if earlier.open]
        for earlier in self._inquiries:
            earlier.open.add(self.job_id)
        self._inquiries.append(inquiry)
        self.watcher.withdraw(self)
        self.seen = seen
        self.told_unavailable = False
        self.rewind()

    def rewind(self) -> None:
        """What was published may have been missed: until the next snapshot nothing is known."""
        self.live = False
        self._reading = False
        self._held = None

    def read_begins(self) -> None:
        """The snapshot that is read from here on is the one that is due."""
        self._reading = not self.live

    def on_event(self, event: Event) -> None:
        if self.live:
            if event.version > self._newest:
                self._newest = event.version
                self.watcher.deliver(self, event)
        elif self._held is None or event.version > self._held.version:
            self._held = event

    def on_snapshot(self, snapshot: Event | None, *, expired: bool) -> None:
        """The state was read after the subscription was acknowledged: the newer of it and what was held is the truth.

        It is delivered if it is another than the watcher has, not only if it is newer: a watcher that is ahead of a
        store which lost its last seconds must not wait for ever. A snapshot whose reading began before the last
        `rewind` is passed over; another one follows. To a subscription that is live already, for which another one's
        snapshot was read, it is as an event.
        """
        if not self._reading:
            if self.live and snapshot is not None:
                self.on_event(snapshot)
            return
        self._reading = False
        newest, self._held = self._held, None
        if snapshot is not None and (newest is None or snapshot.version > newest.version):
            newest = snapshot
        self.live = True
        self.told_unavailable = False
        self._newest = newest.version if newest is not None else NO_VERSION
        if newest is None:
            self.watcher.missing(self, expired=expired)
        elif newest.version != self.seen:
            self.watcher.deliver(self, newest)
        else:
            self.watcher.withdraw(self)
        inquiries = self._inquiries
        for inquiry in inquiries:
            inquiry.settle(self.job_id)
        self._inquiries = [inquiry for inquiry in inquiries if inquiry.open]

    def withdraw(self) -> list[Inquiry]:
        """It ends. Answers the inquiries that were left without it, for whoever calls `answer` on them."""
        inquiries, self._inquiries = self._inquiries, []
        for inquiry in inquiries:
            inquiry.withdraw(self.job_id)
        return inquiries
