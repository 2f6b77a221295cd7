import pytest

from jobs.expectation import Expectation


@pytest.mark.parametrize(("recent", "told"), [([], None), ([4_000], 4_000), ([1_000, 9_000, 2_000], 2_000)])
def test_before_a_run_the_median_of_recent_ones_is_expected(recent: list[int], told: float | None) -> None:
    assert Expectation(recent).told == told


@pytest.mark.parametrize(
    ("recent", "elapsed", "progress", "told"),
    [
        ([], 500, 0.05, None),
        ([], 500, 0.1, 5_000),
        ([], 5_000, 0.5, 10_000),
        ([10_000], 100, 0.0, 10_000),
        ([10_000], 5_000, 0.5, 10_000),
        ([10_000], 5_400, 0.5, 10_000),
        ([10_000], 8_000, 0.5, 13_000),
        ([10_000], 1_000, 0.9, 2_000),
        ([10_000], 12_000, 0.05, 12_000),
        ([10_000], 20_000, 0.5, 30_000),
        ([10_000], 9_000, 1.0, 10_000),
        ([10_000], 8_000, 1.0, 8_000),
    ],
    ids=[
        "nothing known, hardly begun: nothing is said",
        "nothing known: its own progress is enough from a tenth on",
        "nothing known, half done: as long again",
        "known, just begun: what is known",
        "known, as expected",
        "moved by less than a tenth: not told anew",
        "slower than expected: told anew",
        "faster than expected: told anew",
        "over its time and hardly begun: it cannot be finished before now",
        "over its time, half done: the rest is no quicker than what is behind",
        "at the end, moved by no more than a tenth: not told anew",
        "at the end: now",
    ],
)
def test_a_run_corrects_what_is_expected_by_its_own_progress(
    recent: list[int], elapsed: float, progress: float, told: float | None
) -> None:
    assert Expectation(recent).revise(elapsed, progress) == pytest.approx(told)


def test_what_is_told_does_not_flicker_and_is_never_behind_the_clock() -> None:
    expectation = Expectation([10_000])
    told = []
    for elapsed in range(0, 30_000, 100):
        told.append(expectation.revise(elapsed, elapsed / 30_000) or 0)
        assert told[-1] >= elapsed

    assert len(set(told)) < 40
    assert told[-1] == pytest.approx(30_000, rel=0.1)


def test_a_quick_beginning_is_soon_forgotten() -> None:
    expectation = Expectation([])
    expectation.revise(500, 0.15)
    for second in range(1, 11):
        told = expectation.revise(second * 1_000, 0.15 + second * 0.01)
    assert told == pytest.approx(85_000, rel=0.1)
