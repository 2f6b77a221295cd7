import pytest

from server.hub.subscription import Event, Inquiry, Subscription
from storage.records.encoding import NO_VERSION
from tests.server.support.listener import Listener
from tests.server.support.records import A, B, digits, event


class Scene:
    """One subscription to job A, asked for with the version `seen`."""

    def __init__(self, seen: int = 0) -> None:
        self.listener = Listener()
        self.subscription = Subscription(self.listener, A, digits(seen))
        self.ask(seen)

    @property
    def heard(self) -> list[int | str]:
        return self.listener.heard

    def ask(self, seen: int) -> None:
        self.subscription.ask(Inquiry(self.listener, [A]), digits(seen))

    def read(self, version: int | None, *, expired: bool = False) -> None:
        self.subscription.read_begins()
        self.arrive(version, expired=expired)

    def arrive(self, version: int | None, *, expired: bool = False) -> None:
        self.subscription.on_snapshot(event(A, version) if version is not None else None, expired=expired)

    def publish(self, version: int) -> None:
        self.subscription.on_event(event(A, version))


def answer(unwanted: Subscription) -> None:
    """It is left, and what was only waiting for it is said."""
    for inquiry in unwanted.withdraw():
        inquiry.answer()


@pytest.mark.parametrize(
    ("seen", "stored", "heard"),
    [
        (0, 5, [5, "subscribed 1"]),
        (4, 5, [5, "subscribed 1"]),
        (5, 5, ["subscribed 1"]),
        (6, 5, [5, "subscribed 1"]),
        (0, None, ["unknown", "subscribed 1"]),
        (5, None, ["unknown", "subscribed 1"]),
    ],
)
def test_a_snapshot_is_sent_if_it_is_another_than_the_client_has(
    seen: int, stored: int | None, heard: list[int | str]
) -> None:
    scene = Scene(seen)
    scene.read(stored)
    assert scene.heard == heard


def test_a_job_that_is_no_longer_kept_is_told_from_one_that_never_was() -> None:
    scene = Scene()
    scene.read(None, expired=True)
    assert scene.heard == ["expired", "subscribed 1"]


def test_events_wait_for_the_snapshot_and_the_newest_of_all_is_sent() -> None:
    scene = Scene()
    scene.publish(6)
    scene.publish(7)
    assert scene.heard == []
    scene.read(5)
    assert scene.heard == [7, "subscribed 1"]


def test_an_event_that_is_older_than_the_snapshot_is_not_sent() -> None:
    scene = Scene()
    scene.publish(4)
    scene.read(5)
    scene.publish(5)
    assert scene.heard == [5, "subscribed 1"]


def test_a_job_that_appears_after_it_was_unknown_is_sent() -> None:
    scene = Scene(seen=9)
    scene.read(None)
    scene.publish(3)
    assert scene.heard == ["unknown", "subscribed 1", 3]


def test_live_events_are_sent_once_and_in_rising_order() -> None:
    scene = Scene()
    scene.read(5)
    for version in (6, 6, 8, 7, 5, 9):
        scene.publish(version)
    assert scene.heard == [5, "subscribed 1", 6, 8, 9]


def test_after_a_loss_nothing_is_sent_before_the_next_snapshot_which_is_not_repeated() -> None:
    scene = Scene()
    scene.read(5)
    scene.subscription.rewind()
    scene.read(5)
    scene.subscription.rewind()
    scene.publish(7)
    scene.read(6)
    assert scene.heard == [5, "subscribed 1", 7]


def test_a_store_that_lost_its_last_seconds_is_believed() -> None:
    scene = Scene()
    scene.read(5)
    scene.subscription.rewind()
    scene.read(3)
    scene.publish(4)
    assert scene.heard == [5, "subscribed 1", 3, 4]


def test_asking_again_begins_anew_with_the_version_given() -> None:
    scene = Scene()
    scene.read(5)
    scene.ask(seen=5)
    scene.read(5)
    scene.ask(seen=0)
    scene.read(5)
    assert scene.heard == [5, "subscribed 1", "subscribed 1", 5, "subscribed 1"]


def test_asking_twice_before_the_snapshot_is_answered_twice() -> None:
    scene = Scene()
    scene.ask(seen=5)
    scene.read(5)
    assert scene.heard == ["subscribed 1", "subscribed 1"]


def test_a_snapshot_that_was_on_its_way_when_the_client_asked_is_not_the_one_it_waits_for() -> None:
    scene = Scene()
    scene.read(5)
    scene.publish(6)
    scene.subscription.rewind()
    scene.subscription.read_begins()
    scene.ask(seen=0)
    scene.arrive(5)
    assert scene.heard == [5, "subscribed 1", 6]
    scene.read(6)
    assert scene.heard == [5, "subscribed 1", 6, 6, "subscribed 1"]


def test_a_snapshot_that_was_read_for_another_is_as_an_event() -> None:
    scene = Scene()
    scene.read(5)
    for version in (4, None, 6, 6, 5):
        scene.arrive(version)
    assert scene.heard == [5, "subscribed 1", 6]
    scene.subscription.rewind()
    scene.arrive(7)
    assert scene.heard == [5, "subscribed 1", 6]


def test_subscribed_follows_the_last_of_the_jobs_asked_for() -> None:
    listener = Listener()
    inquiry = Inquiry(listener, [A, B])
    subscriptions = [Subscription(listener, job_id, NO_VERSION) for job_id in (A, B)]
    for subscription in subscriptions:
        subscription.ask(inquiry, NO_VERSION)
        subscription.read_begins()
    subscriptions[1].on_snapshot(event(B, 7), expired=False)
    assert listener.heard == [7]
    subscriptions[0].on_snapshot(event(A, 5), expired=False)
    assert listener.heard == [7, 5, "subscribed 2"]


def test_a_job_that_is_no_longer_wanted_does_not_hold_the_answer_back() -> None:
    listener = Listener()
    inquiry = Inquiry(listener, [A, B])
    wanted, unwanted = (Subscription(listener, job_id, NO_VERSION) for job_id in (A, B))
    for subscription in (wanted, unwanted):
        subscription.ask(inquiry, NO_VERSION)
    wanted.read_begins()
    wanted.on_snapshot(event(A, 5), expired=False)
    answer(unwanted)
    assert listener.heard == [5, "subscribed 1"]


def test_a_job_that_is_no_longer_wanted_is_not_named_though_its_state_was_given() -> None:
    listener = Listener()
    inquiry = Inquiry(listener, [A, B])
    unwanted, wanted = (Subscription(listener, job_id, NO_VERSION) for job_id in (A, B))
    for subscription in (unwanted, wanted):
        subscription.ask(inquiry, NO_VERSION)
        subscription.read_begins()
    unwanted.on_snapshot(event(A, 5), expired=False)
    answer(unwanted)
    wanted.on_snapshot(event(B, 7), expired=False)
    assert listener.heard == [5, 7, "subscribed 1"]


def test_a_job_that_is_asked_for_again_holds_back_every_answer_that_names_it() -> None:
    listener = Listener()
    inquiry = Inquiry(listener, [A, B])
    again, other = (Subscription(listener, job_id, NO_VERSION) for job_id in (A, B))
    for subscription in (again, other):
        subscription.ask(inquiry, NO_VERSION)
        subscription.read_begins()
    again.on_snapshot(event(A, 5), expired=False)
    again.ask(Inquiry(listener, [A]), NO_VERSION)
    other.on_snapshot(event(B, 7), expired=False)
    assert listener.heard == [5, 7]
    again.read_begins()
    again.on_snapshot(event(A, 5), expired=False)
    assert listener.heard == [5, 7, 5, "subscribed 2", "subscribed 1"]


def test_when_nothing_asked_for_is_wanted_any_more_there_is_no_answer() -> None:
    scene = Scene()
    answer(scene.subscription)
    assert scene.heard == []


def test_a_frame_is_built_once_for_all() -> None:
    shared = event(A, 5)
    assert shared.frame is shared.frame
    assert shared.frame.endswith(b'{"type":"job","job":' + shared.record[17:] + b"}")


def test_a_watcher_ahead_of_the_store_gets_what_comes_before_it_could_be_written() -> None:
    listener = Unwritten()
    subscription = Subscription(listener, A, NO_VERSION)
    subscription.ask(Inquiry(listener, [A]), digits(9_999_999_999_999_999))
    subscription.read_begins()
    subscription.on_snapshot(event(A, 5), expired=False)
    subscription.on_event(event(A, 6))
    subscription.on_event(event(A, 6))
    assert listener.heard == [5, "subscribed 1", 6]


class Unwritten(Listener):
    """A listener whose socket takes nothing yet: what it is given is not what it has."""

    def deliver(self, subscription: Subscription, event: Event) -> None:
        self.heard.append(int(event.version))
