import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.webhooks.schedule import Answer, Schedule

SCHEDULE = Schedule()


def longest(_: float, most: float) -> float:
    return most


def shortest(least: float, _: float) -> float:
    return least


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_every_2xx_is_delivered(status: int) -> None:
    assert Answer(status).error is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(500), "it answered 500"),
        (Answer(404), "it answered 404"),
        (Answer(302), "it answered 302, and redirections are not followed"),
        (Answer(fault="the connection was lost"), "the connection was lost"),
    ],
)
def test_everything_else_is_not_and_says_why(answer: Answer, error: str) -> None:
    assert answer.error == error


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    pauses = [SCHEDULE.pause(Answer(500), tries, chance=longest) for tries in (1, 2, 3, 10, 11, 1_000)]

    assert pauses == [10, 20, 40, 5_120, 7_200, 7_200]
    assert SCHEDULE.pause(Answer(500), 1, chance=shortest) == 5


def test_a_receiver_that_is_gone_gets_no_further_attempt() -> None:
    assert SCHEDULE.pause(Answer(410, retry_after=60), 1) is None


@pytest.mark.parametrize(("asked", "pause"), [(0, 10), (60, 60), (7_200, 7_200), (1e12, 7_200)])
def test_a_receiver_that_names_a_time_is_left_alone_for_it_within_bounds(asked: float, pause: float) -> None:
    answer = Answer(503, retry_after=asked)

    assert SCHEDULE.pause(answer, 30, chance=shortest) == pause
    assert SCHEDULE.pause(answer, 30, chance=longest) == pytest.approx(pause * 1.1)


@given(st.integers(1, 10_000), st.none() | st.floats(0, 1e300))
def test_no_pause_is_nothing_or_longer_than_the_longest_and_a_tenth(tries: int, asked: float | None) -> None:
    pause = SCHEDULE.pause(Answer(503, retry_after=asked), tries)

    assert pause is not None
    assert 5 <= pause <= 7_920.001
