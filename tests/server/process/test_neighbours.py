"""What processes on one socket believe of each other."""

import time
from collections.abc import Iterator

import pytest

from server.process.neighbours import GOOD_SECONDS, Neighbours, shared_memory

COUNT = 3


@pytest.fixture
def processes() -> Iterator[list[Neighbours]]:
    with shared_memory(COUNT) as memory:
        yield [Neighbours(memory.fileno(), number) for number in range(COUNT)]


def test_at_first_nobody_is_known_to_have_room(processes: list[Neighbours]) -> None:
    assert not any(process.have_room for process in processes)


def test_what_one_says_all_others_know_and_its_own_word_tells_it_nothing(processes: list[Neighbours]) -> None:
    processes[1].tell(has_room=True)
    assert [process.have_room for process in processes] == [True, False, True]
    processes[1].tell(has_room=False)
    assert not any(process.have_room for process in processes)


def test_the_word_of_one_that_died_is_soon_forgotten(
    processes: list[Neighbours], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes[1].tell(has_room=True)
    later = time.monotonic() + GOOD_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not processes[0].have_room
