import pytest

from jobs import errors
from jobs.backoff import ATTEMPTS, LEAST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, MOST_SECONDS, Again, again

ONCE = (
    errors.InvalidInput,
    errors.Moderated,
    errors.Rejected,
    errors.TaskFailed,
    errors.SubmitUnknown,
    errors.Internal,
)


def the_least(least: float, most: float) -> float:
    return least


def the_most(least: float, most: float) -> float:
    return most


@pytest.mark.parametrize("failure", ONCE, ids=lambda failure: failure.__name__)
def test_what_cannot_help_by_itself_is_not_run_again(failure: type[errors.JobFailure]) -> None:
    assert again(failure(), 1, resumable=True) is None


def test_every_failure_was_thought_of() -> None:
    assert {*ONCE, errors.RateLimited, errors.Unavailable, errors.TimedOut} == set(errors.JobFailure.__subclasses__())


def test_a_provider_that_is_away_is_asked_three_times_with_full_jitter() -> None:
    pauses = []
    for attempt in range(1, 10):
        least, most = (again(errors.Unavailable(), attempt, resumable=False, chance=c) for c in (the_least, the_most))
        if least is None or most is None:
            break
        assert least.counts
        assert least.seconds == 0
        pauses.append(most.seconds)

    assert len(pauses) == ATTEMPTS - 1 == 2
    assert pauses == [2, 4]
    assert max(pauses) <= MOST_SECONDS


@pytest.mark.parametrize("attempts", [1, 3, 30])
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (7.5, 7.5),
        (0, LEAST_WAIT_SECONDS),
        (-5, LEAST_WAIT_SECONDS),
        (float("nan"), LEAST_WAIT_SECONDS),
        (float("inf"), LONGEST_WAIT_SECONDS),
    ],
)
def test_one_who_wants_us_to_wait_is_waited_for_within_reason_and_it_costs_no_attempt(
    attempts: int, asked: float, given: float
) -> None:
    following = again(errors.RateLimited(retry_after=asked), attempts, resumable=False)

    assert following == Again(given, counts=False, stage="the provider is busy; waiting")


def test_one_who_does_not_say_how_long_is_given_some_seconds() -> None:
    waits = [again(errors.RateLimited(), 1, resumable=False, chance=chance) for chance in (the_least, the_most)]

    assert [wait.seconds for wait in waits if wait is not None] == [2, 15]


def test_a_run_whose_time_was_up_is_followed_by_one_that_goes_on_with_the_providers_task() -> None:
    following = again(errors.TimedOut(), 1, resumable=True)

    assert following is not None
    assert (following.seconds, following.counts) == (0, True)
    assert again(errors.TimedOut(), 1, resumable=False) is None
    assert again(errors.TimedOut(), ATTEMPTS, resumable=True) is None
