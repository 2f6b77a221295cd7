"""Subscriptions and outbox together, against a plain model of what a client may be told.

Whatever is published, lost, removed, asked for again or not taken by the socket, in whatever order: no version twice
within one subscription, none older after a newer one unless the store itself went back, `subscribed` behind the states
it speaks of, and in the end everybody has what the store has.
"""

from collections import deque
from typing import cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from server.hub.messages import frame, unknown
from server.hub.outbox import Outbox
from server.hub.subscription import Event, Inquiry, Subscription
from storage.records.ids import JobId
from tests.server.support.listener import Listener
from tests.server.support.records import A, B, StubbornWire, digits, event

JOBS = st.sampled_from([A, B])
PLENTY = 10_000


class Client:
    """What one client is told of one job within one subscription."""

    def __init__(self, given: int) -> None:
        self.has = given
        self.told = {given} if given else set()
        self.answered = False
        self.went_back = False

    def take(self, version: int) -> None:
        if self.went_back and version < self.has:
            self.told.clear()
            self.went_back = False
        else:
            assert version not in self.told, "a version twice"
            assert version > self.has, "older after newer"
        self.has, self.answered = version, True
        self.told.add(version)

    def forget(self) -> None:
        self.has, self.answered = 0, True
        self.told.clear()


class Asker(Listener):
    """Hears of one request to subscribe, and has the outbox say which it was."""

    def __init__(self, outbox: Outbox, number: int) -> None:
        super().__init__()
        self._outbox = outbox
        self._number = number

    def subscribed(self, job_ids: list[JobId]) -> None:
        assert self._outbox.put(frame(b'{"type":"subscribed","number":%d}' % self._number))


class Delivery(RuleBasedStateMachine):
    """Redis with its two connections, the part of the hub between them, and one socket."""

    @initialize()
    def begin(self) -> None:
        self.wire = StubbornWire()
        self.outbox = Outbox(self.wire)
        self.clock = 0
        self.stored: dict[JobId, list[Event]] = {A: [], B: []}
        self.up = True
        self.channel: deque[tuple[JobId, Event | None]] = deque()
        self.due: dict[JobId, None] = {}
        self.read: tuple[JobId, Event | None] | None = None
        self.subscriptions: dict[JobId, Subscription] = {}
        self.clients: dict[JobId, Client] = {}
        self.asked: dict[int, list[Client]] = {}
        self.questions = 0
        self.looked_at = 0

    # The hub's watcher.

    def deliver(self, subscription: Subscription, event: Event) -> None:
        self.outbox.put_event(subscription, event)

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        self.outbox.put_missing(subscription, unknown(subscription.job_id, expired=expired))

    def subscribed(self, job_ids: list[JobId]) -> None:
        raise AssertionError("each request has a watcher of its own")

    def withdraw(self, subscription: Subscription) -> None:
        self.outbox.drop(subscription)

    def unavailable(self) -> None:
        pass

    def fail(self) -> None:
        raise AssertionError("nothing of it has raised")

    # What happens to jobs.

    @rule(job_id=JOBS, final=st.booleans())
    def publish(self, job_id: JobId, final: bool) -> None:
        self.clock += 1
        news = event(job_id, self.clock, final=final)
        self.stored[job_id].append(news)
        if self.up:
            self.channel.append((job_id, news))

    @rule(job_id=JOBS)
    def remove(self, job_id: JobId) -> None:
        if self.stored[job_id]:
            self.stored[job_id] = []
            if self.up:
                self.channel.append((job_id, None))

    @precondition(lambda self: self.channel)
    @rule()
    def arrive(self) -> None:
        job_id, news = self.channel.popleft()
        subscription = self.subscriptions.get(job_id)
        if subscription is None:
            return
        if news is None:
            subscription.rewind()
            self.due[job_id] = None
        else:
            subscription.on_event(news)
        self.look()

    # What happens to Redis.

    @precondition(lambda self: self.up)
    @rule(lost=st.integers(0, 3))
    def go_down(self, lost: int) -> None:
        """The connection is cut; and the newest records may be gone, as after a power failure."""
        self.up = False
        self.channel.clear()
        self.due.clear()
        self.read = None
        for job_id, records in self.stored.items():
            if lost and records:
                del records[-lost:]
                if job_id in self.clients:
                    self.clients[job_id].went_back = True
        for subscription in self.subscriptions.values():
            subscription.rewind()

    @precondition(lambda self: not self.up)
    @rule()
    def come_back(self) -> None:
        self.up = True
        self.due = dict.fromkeys(self.subscriptions)

    @precondition(lambda self: self.due and self.read is None)
    @rule()
    def begin_to_read(self) -> None:
        job_id = next(iter(self.due))
        del self.due[job_id]
        if job_id in self.subscriptions:
            self.subscriptions[job_id].read_begins()
        self.read = (job_id, self.newest(job_id))

    @precondition(lambda self: self.read is not None)
    @rule()
    def end_to_read(self) -> None:
        assert self.read is not None
        (job_id, snapshot), self.read = self.read, None
        subscription = self.subscriptions.get(job_id)
        if subscription is not None:
            client = self.clients[job_id]
            before = subscription.live
            subscription.on_snapshot(snapshot, expired=False)
            if subscription.live and not before and snapshot is not None and client.has == int(snapshot.version):
                client.answered = True
        self.look()

    # What the client does.

    @rule(job_ids=st.sets(JOBS, min_size=1), seen=st.sampled_from(["nothing", "what it has", "the newest", "another"]))
    def subscribe(self, job_ids: set[JobId], seen: str) -> None:
        self.questions += 1
        inquiry = Inquiry(Asker(self.outbox, self.questions), sorted(job_ids))
        clients = self.asked[self.questions] = []
        for job_id in sorted(job_ids):
            version = self.version(job_id, seen)
            subscription = self.subscriptions.get(job_id)
            if subscription is None:
                subscription = self.subscriptions[job_id] = Subscription(self, job_id, digits(version))
            self.clients[job_id] = Client(version)
            # It may have been told so by another server, before this store lost it.
            self.clients[job_id].went_back = version > self.newest_version(job_id)
            clients.append(self.clients[job_id])
            subscription.ask(inquiry, digits(version))
            if self.up:
                self.due[job_id] = None
        self.look()

    @rule(job_id=JOBS)
    def unsubscribe(self, job_id: JobId) -> None:
        if job_id in self.subscriptions:
            subscription = self.subscriptions.pop(job_id)
            subscription.withdraw()
            self.outbox.drop(subscription)
            del self.clients[job_id]
            self.look()

    # What happens to the socket.

    @rule(room=st.sampled_from([0, 1, 2, PLENTY]))
    def take(self, room: int) -> None:
        self.wire.room = room
        before = len(self.wire.taken)
        self.outbox.flush()
        frames = [message for message in self.wire.taken[before:] if message["type"] != "subscribed"]
        assert len(frames) <= len(self.subscriptions), "of each job only the newest may wait"
        self.look()

    @rule()
    def settle(self) -> None:
        """Everything comes back, and nothing more happens: then everybody has what the store has."""
        if not self.up:
            self.come_back()
        while self.channel:
            self.arrive()
        while self.due or self.read is not None:
            if self.read is None:
                self.begin_to_read()
            self.end_to_read()
        self.take(PLENTY)
        assert self.outbox.empty
        for job_id, client in self.clients.items():
            assert client.has == self.newest_version(job_id), "the newest state was not delivered"
        assert not any(map(self.current, self.asked.values())), "`subscribed` was not delivered"

    def teardown(self) -> None:
        if hasattr(self, "wire"):
            self.settle()

    # The model.

    def newest(self, job_id: JobId) -> Event | None:
        return self.stored[job_id][-1] if self.stored[job_id] else None

    def newest_version(self, job_id: JobId) -> int:
        newest = self.newest(job_id)
        return int(newest.version) if newest is not None else 0

    def version(self, job_id: JobId, seen: str) -> int:
        match seen:
            case "what it has" if job_id in self.clients:
                return self.clients[job_id].has
            case "the newest":
                return self.newest_version(job_id)
            case "another":
                return max(0, self.newest_version(job_id) - 1)
            case _:
                return 0

    def current(self, clients: list[Client]) -> list[Client]:
        """Those whose subscription is still the one that was asked for."""
        return [client for client in clients if client in self.clients.values()]

    def look(self) -> None:
        """Read what the socket has taken since the last look."""
        for message in self.wire.taken[self.looked_at :]:
            job = message.get("job")
            if message["type"] == "job":
                assert isinstance(job, dict)
                self.clients[job["id"]].take(job["version"])
            elif message["type"] == "unknown":
                self.clients[JobId(str(job))].forget()
            else:
                clients = self.asked.pop(cast(int, message["number"]))
                assert all(client.answered for client in self.current(clients)), "`subscribed` came before the state"
        self.looked_at = len(self.wire.taken)


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_who_asks_again_with_a_newer_version_is_not_sent_the_older_one_that_waited() -> None:
    state = Delivery()
    state.begin()
    state.subscribe(job_ids={A}, seen="nothing")
    state.publish(job_id=A, final=False)
    state.begin_to_read()
    state.take(room=0)
    state.end_to_read()
    state.publish(job_id=A, final=False)
    state.subscribe(job_ids={A}, seen="the newest")
    state.take(room=PLENTY)
    state.settle()
