import pytest

from server.hub.counters import Counters
from server.hub.messages import PONG, UNAVAILABLE, goodbye, subscribed, unknown
from server.hub.outbox import AWAY, MESSAGES_WAITING, Outbox
from server.hub.subscription import Subscription
from storage.records.encoding import NO_VERSION
from tests.server.support.listener import Listener
from tests.server.support.records import A, B, C, StubbornWire, digits, event

LISTENER = Listener()


def subscription(job_id: str) -> Subscription:
    return Subscription(LISTENER, {"a": A, "b": B, "c": C}[job_id], NO_VERSION)


def told(wire: StubbornWire) -> list[object]:
    """What the socket took, in short: `(job, version)`, `(job, "unknown")`, or a message's type."""
    short: list[object] = []
    for message in wire.taken:
        job = message.get("job")
        if isinstance(job, dict):
            short.append((job["id"][-1], job["version"]))
        elif message["type"] == "unknown":
            short.append((str(job)[-1], "unknown"))
        else:
            short.append(message["type"])
    return short


@pytest.fixture
def wire() -> StubbornWire:
    return StubbornWire(room=0)


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def outbox(wire: StubbornWire, counters: Counters) -> Outbox:
    return Outbox(wire, counters)


def drain(outbox: Outbox, wire: StubbornWire, room: int = 1_000) -> list[object]:
    wire.room = room
    outbox.flush()
    return told(wire)


def test_what_a_socket_takes_is_written_at_once_and_its_version_noted(outbox: Outbox, wire: StubbornWire) -> None:
    wire.room = 10
    a = subscription("a")
    outbox.put_event(a, event(A, 5))
    assert (told(wire), a.seen) == ([("a", 5)], digits(5))


def test_a_version_counts_as_seen_only_when_it_is_written(outbox: Outbox, wire: StubbornWire) -> None:
    a = subscription("a")
    outbox.put_event(a, event(A, 5))
    assert a.seen == NO_VERSION
    drain(outbox, wire)
    assert a.seen == digits(5)


def test_of_each_job_only_the_newest_frame_waits(outbox: Outbox, wire: StubbornWire) -> None:
    a, b = subscription("a"), subscription("b")
    for version in range(1, 1_000):
        outbox.put_event(a, event(A, version))
        outbox.put_event(b, event(B, version))
    assert drain(outbox, wire) == [("a", 999), ("b", 999)]


def test_finals_go_first(outbox: Outbox, wire: StubbornWire) -> None:
    a, b, c = (subscription(name) for name in "abc")
    outbox.put_event(a, event(A, 1))
    outbox.put_event(b, event(B, 2))
    outbox.put_event(c, event(C, 3, final=True))
    outbox.put_event(b, event(B, 4, final=True))
    assert drain(outbox, wire) == [("c", 3), ("b", 4), ("a", 1)]


def test_a_retry_takes_the_place_of_the_final_that_waits(outbox: Outbox, wire: StubbornWire) -> None:
    a, b = subscription("a"), subscription("b")
    outbox.put_event(b, event(B, 1))
    outbox.put_event(a, event(A, 2, final=True))
    outbox.put_event(a, event(A, 3))
    assert drain(outbox, wire) == [("b", 1), ("a", 3)]


def test_unknown_takes_the_place_of_whatever_waits_of_the_job(outbox: Outbox, wire: StubbornWire) -> None:
    a, b = subscription("a"), subscription("b")
    outbox.put_event(a, event(A, 1, final=True))
    outbox.put_event(b, event(B, 1))
    for gone in (a, b):
        outbox.put_missing(gone, unknown(gone.job_id, expired=True))
    assert drain(outbox, wire) == [("a", "unknown"), ("b", "unknown")]
    assert a.seen == NO_VERSION


def test_an_event_takes_the_place_of_an_unknown_that_waits(outbox: Outbox, wire: StubbornWire) -> None:
    a = subscription("a")
    outbox.put_missing(a, unknown(A, expired=False))
    outbox.put_event(a, event(A, 1))
    assert drain(outbox, wire) == [("a", 1)]


@pytest.mark.parametrize("after", ["a newer state", "a final and then a retry", "a removal"])
def test_subscribed_stays_behind_the_state_it_speaks_of(outbox: Outbox, wire: StubbornWire, after: str) -> None:
    a = subscription("a")
    outbox.put_event(a, event(A, 1, final=True))
    outbox.put(subscribed([A]))
    if after == "a newer state":
        outbox.put_event(a, event(A, 2))
    elif after == "a final and then a retry":
        outbox.put_event(a, event(A, 2, final=True))
        outbox.put_event(a, event(A, 3))
    else:
        outbox.put_missing(a, unknown(A, expired=True))
    assert drain(outbox, wire)[-1] == "subscribed"
    assert len(wire.taken) == 2


def test_messages_about_no_job_keep_their_order_and_of_one_slot_the_newest_stays(
    outbox: Outbox, wire: StubbornWire
) -> None:
    outbox.put(subscribed([A]))
    for _ in range(100):
        outbox.put(PONG, "pong")
    outbox.put(goodbye(1))
    assert drain(outbox, wire) == ["subscribed", "pong", "goodbye"]


@pytest.mark.parametrize("final", [False, True])
def test_a_state_that_comes_after_unavailable_does_not_overtake_it(
    outbox: Outbox, wire: StubbornWire, final: bool
) -> None:
    a, b = subscription("a"), subscription("b")
    outbox.put_event(a, event(A, 1))
    outbox.put(UNAVAILABLE, AWAY)
    outbox.put_event(a, event(A, 2))
    outbox.put_event(b, event(B, 3, final=final))
    assert drain(outbox, wire)[0] == "error"
    assert len(wire.taken) == 3


def test_unavailable_stays_behind_the_states_of_before_and_of_two_the_later_one_counts(
    outbox: Outbox, wire: StubbornWire
) -> None:
    a, b = subscription("a"), subscription("b")
    outbox.put(UNAVAILABLE, AWAY)
    outbox.put_event(a, event(A, 1))
    outbox.put_missing(b, unknown(B, expired=True))
    outbox.put(UNAVAILABLE, AWAY)
    assert drain(outbox, wire) == [("a", 1), ("b", "unknown"), "error"]


def test_too_many_messages_are_not_taken(outbox: Outbox, wire: StubbornWire) -> None:
    assert all(outbox.put(subscribed([A])) for _ in range(MESSAGES_WAITING))
    assert not outbox.put(subscribed([A]))
    assert len(drain(outbox, wire)) == MESSAGES_WAITING


def test_what_waits_of_a_job_can_be_dropped(outbox: Outbox, wire: StubbornWire) -> None:
    a, b = subscription("a"), subscription("b")
    outbox.put_event(a, event(A, 1))
    outbox.put_event(b, event(B, 1, final=True))
    outbox.drop(a)
    outbox.drop(b)
    assert outbox.empty
    assert drain(outbox, wire) == []


def test_a_socket_that_takes_one_frame_at_a_time_gets_all_of_them_in_order(outbox: Outbox, wire: StubbornWire) -> None:
    a, b = subscription("a"), subscription("b")
    outbox.put_event(a, event(A, 1))
    outbox.put(subscribed([A]))
    outbox.put_event(b, event(B, 2, final=True))
    for _ in range(3):
        drain(outbox, wire, room=1)
    assert told(wire) == [("b", 2), ("a", 1), "subscribed"]


def test_nothing_overtakes_what_waits(outbox: Outbox, wire: StubbornWire) -> None:
    a = subscription("a")
    outbox.put_event(a, event(A, 1))
    wire.room = 10
    outbox.put_event(a, event(A, 2))
    outbox.put(PONG)
    assert told(wire) == []
    assert drain(outbox, wire) == [("a", 2), "pong"]


def test_every_frame_is_counted_when_it_is_written(outbox: Outbox, wire: StubbornWire, counters: Counters) -> None:
    a, b = subscription("a"), subscription("b")
    wire.room = 2
    outbox.put_event(a, event(A, 1))
    outbox.put(PONG)
    outbox.put_event(a, event(A, 2))
    outbox.put_missing(b, unknown(B, expired=True))
    outbox.put(subscribed([A, B]))
    assert counters.frames == 2
    drain(outbox, wire)
    assert counters.frames == len(wire.taken) == 5


def test_what_never_left_because_something_newer_took_its_place_is_counted(
    outbox: Outbox, wire: StubbornWire, counters: Counters
) -> None:
    a, b = subscription("a"), subscription("b")
    for version in range(1, 11):
        outbox.put_event(a, event(A, version))
    outbox.put_event(b, event(B, 1))
    outbox.put_missing(b, unknown(B, expired=True))
    outbox.put(PONG, "pong")
    outbox.put(PONG, "pong")
    drain(outbox, wire)
    outbox.put_event(a, event(A, 11))
    assert counters.merged == 10
