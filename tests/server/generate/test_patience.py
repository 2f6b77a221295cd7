import pytest

from server.generate.patience import MOST_SECONDS, full_jitter


@pytest.mark.parametrize(("attempt", "bound"), [(0, 0.5), (1, 1.0), (3, 4.0), (5, 16.0), (6, 20.0), (1_000, 20.0)])
def test_a_pause_lies_between_nothing_and_a_bound_that_doubles(attempt: int, bound: float) -> None:
    assert full_jitter(attempt, 0.0) == 0.0
    assert full_jitter(attempt, 0.5) == bound / 2
    assert full_jitter(attempt, 1.0) == bound <= MOST_SECONDS
