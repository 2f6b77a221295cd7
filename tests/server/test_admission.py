import pytest

from server.admission import Admission, address_of, place_of, problem_of
from server.hub.counters import Counters, Refusal, Transport
from server.hub.drain import Drain


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def drain(counters: Counters) -> Drain:
    return Drain(counters)


def test_a_process_is_full_at_its_limit_however_they_come_and_has_room_when_one_leaves(
    drain: Drain, counters: Counters
) -> None:
    admission = Admission(drain, counters, most=2, most_per_address=2)
    assert admission.enter(Transport.WEBSOCKET, "a") is None
    assert admission.enter(Transport.WAIT, "b") is None
    assert admission.enter(Transport.EVENTS, "c") is Refusal.FULL
    assert admission.open == {"websocket": 1, "wait": 1}
    admission.leave(Transport.WAIT, "b")
    assert admission.enter(Transport.EVENTS, "c") is None
    assert counters.refused == {Refusal.FULL: 1}


def test_each_address_has_its_own_limit_for_all_ways_together(drain: Drain, counters: Counters) -> None:
    admission = Admission(drain, counters, most=10, most_per_address=1)
    assert admission.enter(Transport.WEBSOCKET, "a") is None
    assert admission.enter(Transport.WAIT, "a") is Refusal.CROWDED
    assert admission.enter(Transport.WAIT, "b") is None
    admission.leave(Transport.WEBSOCKET, "a")
    assert admission.enter(Transport.EVENTS, "a") is None
    assert counters.refused == {Refusal.CROWDED: 1}


def test_what_was_counted_as_one_place_leaves_as_one(drain: Drain, counters: Counters) -> None:
    admission = Admission(drain, counters, most=10, most_per_address=1)
    assert admission.enter(Transport.EVENTS, "2001:db8::1") is None
    assert admission.enter(Transport.EVENTS, "2001:db8::2") is Refusal.CROWDED
    admission.leave(Transport.EVENTS, "2001:db8:0:0:ffff::3")
    assert admission.enter(Transport.EVENTS, "2001:db8::2") is None


async def test_a_server_that_stops_lets_nobody_in(drain: Drain, counters: Counters) -> None:
    admission = Admission(drain, counters, most=10, most_per_address=10)
    await drain.run(0)
    assert admission.enter(Transport.WEBSOCKET, "a") is Refusal.DRAINING
    assert (counters.refused, admission.open.total()) == ({Refusal.DRAINING: 1}, 0)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:0DB8:1:2::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("", ""),
        ("a:socket", "a:socket"),
    ],
)
def test_an_ipv4_address_is_a_place_and_an_ipv6_network_of_64_bits(address: str, place: str) -> None:
    assert place_of(address) == place


def test_the_address_is_that_of_the_connection() -> None:
    assert address_of({"type": "http", "client": ("192.0.2.7", 5)}) == "192.0.2.7"
    assert address_of({"type": "http", "client": None}) == ""


@pytest.mark.parametrize(("refusal", "status"), [(Refusal.FULL, 503), (Refusal.DRAINING, 503), (Refusal.CROWDED, 429)])
def test_each_refusal_says_when_to_come_again(refusal: Refusal, status: int) -> None:
    problem = problem_of(refusal)
    assert problem.status == status
    assert int(problem.headers["Retry-After"]) > 0
