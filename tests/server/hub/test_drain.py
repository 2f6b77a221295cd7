"""Guests are sent off evenly, and never faster than twice that, whatever happens meanwhile."""

import asyncio
from collections.abc import Callable

import pytest

from server.hub.counters import Counters
from server.hub.drain import GRAIN_SECONDS, Drain
from tests.server.support.virtual_time import VirtualLoop

SECONDS = 10.0
COUNT = 100
EVEN = SECONDS / COUNT


class House:
    """A drain with guests in it. `told` is when each was sent off; `then` is called with how many were so far."""

    def __init__(self, guests: int = COUNT) -> None:
        self.loop = VirtualLoop()
        self.counters = Counters()
        self.drain = Drain(self.counters)
        self.told: list[float] = []
        self.then: Callable[[int], None] = lambda _: None
        self.guests = [Guest(self) for _ in range(guests)]
        for guest in self.guests:
            self.drain.enter(guest)

    def run(self, seconds: float = SECONDS) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self.drain.run(seconds))

    def assert_never_faster_than_twice(self, even: float = EVEN) -> None:
        for first, begun in enumerate(self.told):
            for count, at in enumerate(self.told[first:]):
                assert count <= 2 * (at - begun + GRAIN_SECONDS) / even, (first, count, at - begun)


class Guest:
    def __init__(self, house: House) -> None:
        self._house = house

    def go_away(self) -> None:
        self._house.told.append(self._house.loop.time())
        self._house.then(len(self._house.told))


def test_guests_are_sent_off_one_by_one_at_an_even_rate() -> None:
    house = House()
    house.run()
    assert house.told == pytest.approx([number * EVEN for number in range(COUNT)], abs=GRAIN_SECONDS)
    assert house.counters.drain_seconds == pytest.approx(SECONDS - EVEN, abs=GRAIN_SECONDS)


@pytest.mark.parametrize("after", [1, 30, 60, 99])
@pytest.mark.parametrize("pause", [0.05, 0.5, 3.0, 20.0])
def test_what_a_pause_delayed_is_caught_up_with_at_twice_the_rate_at_the_most(after: int, pause: float) -> None:
    house = House()
    house.then = lambda told: house.loop.hold_up(pause) if told == after else None
    house.run()
    assert len(house.told) == COUNT
    house.assert_never_faster_than_twice()
    assert house.told[-1] <= SECONDS + pause


def test_a_pause_of_some_of_the_window_is_caught_up_with_within_the_window() -> None:
    house = House()
    house.then = lambda told: house.loop.hold_up(3.0) if told == 10 else None
    house.run()
    assert house.told[-1] <= SECONDS


def test_many_guests_at_intervals_below_a_timers_grain_are_sent_off_in_time_and_evenly() -> None:
    house = House(20_000)
    house.run()
    assert house.told[-1] <= SECONDS + GRAIN_SECONDS
    for tenth in range(10):
        sent = sum(tenth <= at < tenth + 1 for at in house.told)
        assert sent == pytest.approx(2_000, rel=0.05)


def test_who_leaves_by_itself_is_not_told_and_not_waited_for() -> None:
    house = House()

    def leave(told: int) -> None:
        if told == 10:
            for guest in house.guests[20:]:
                house.drain.leave(guest)

    house.then = leave
    house.run()
    assert len(house.told) == 20
    assert house.told[-1] == pytest.approx(19 * EVEN, abs=10 * GRAIN_SECONDS)


def test_without_a_window_all_are_told_at_once() -> None:
    house = House(2_000)
    house.run(0)
    assert house.told == [0.0] * 2_000


def test_without_guests_it_is_over_at_once() -> None:
    house = House(0)
    house.run()
    assert house.loop.time() == 0


def test_who_comes_during_the_drain_takes_its_turn_and_after_it_is_told_at_once() -> None:
    house = House(10)
    late = Guest(house)
    house.then = lambda told: house.drain.enter(late) if told == 5 else None
    house.run()
    assert len(house.told) == 11
    house.assert_never_faster_than_twice(SECONDS / 10)
    house.drain.enter(Guest(house))
    assert len(house.told) == 12
    assert len(house.drain) == 0


def test_a_guest_with_a_fault_does_not_keep_the_others() -> None:
    house = House(10)

    def fail(told: int) -> None:
        if told == 5:
            raise RuntimeError("a fault of ours")

    house.then = fail
    house.run()
    assert len(house.told) == 10
