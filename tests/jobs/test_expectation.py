import random

import pytest

from jobs.expectation import MOST, TYPICAL, Expectation, ends, quantile, steadied
from storage.durations import KEPT
from storage.records.job import timestamp

NOON = 1_763_640_000_000


@pytest.mark.parametrize(("recent", "told"), [([], None), ([4_000], 4_000), ([1_000, 9_000, 2_000], 2_000)])
def test_before_a_run_the_median_of_recent_ones_is_expected(recent: list[int], told: float | None) -> None:
    assert Expectation(recent).told == told


def test_a_few_that_took_very_long_do_not_count_more_than_others() -> None:
    assert Expectation([1_000] * 20 + [600_000] * 5).told == 1_000


def test_where_a_provider_has_become_slower_the_last_ones_count_more() -> None:
    assert quantile([9_000] * 18 + [1_000] * 22, TYPICAL) == 9_000
    assert quantile([1_000] * 22 + [9_000] * 18, TYPICAL) == 1_000


@pytest.mark.parametrize("known", [20, KEPT])
def test_nine_of_ten_take_no_longer_than_most_and_half_no_longer_than_is_typical(known: int) -> None:
    chance = random.Random(7)
    within = {TYPICAL: 0, MOST: 0}
    times = 2_000
    for _ in range(times):
        *recent, following = (round(chance.lognormvariate(8, 0.5)) for _ in range(known + 1))
        for share in within:
            within[share] += following <= (quantile(recent, share) or 0)
    assert 0.87 < within[MOST] / times < 0.93
    assert 0.46 < within[TYPICAL] / times < 0.54


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
        ([10_000], 12_000, 0.05, 15_000),
        ([10_000, 14_000, 18_000, 90_000], 12_000, 0.05, 18_000),
        ([10_000], 20_000, 0.5, 32_500),
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
        "longer than all before it: a quarter longer than so far",
        "over its time: as the others that took longer",
        "over its time, half done: the rest is no quicker than what is behind",
        "at the end, moved by no more than a tenth: not told anew",
        "at the end: now",
    ],
)
def test_a_run_corrects_what_is_expected_by_its_own_progress(
    recent: list[int], elapsed: float, progress: float, told: float | None
) -> None:
    assert Expectation(recent).revise(elapsed, progress) == pytest.approx(told)


def test_what_the_provider_itself_expects_goes_before_what_we_do_until_it_has_passed() -> None:
    expectation = Expectation([10_000])

    assert expectation.revise(1_000, 0.0, left=29_000) == 30_000
    assert expectation.revise(15_000, 0.5) == 30_000
    assert expectation.revise(16_000, 0.5, left=15_000) == 30_000, "moved by less than a tenth"
    assert expectation.revise(16_500, 0.5, left=3_500) == 20_000
    told = expectation.revise(21_000, 0.6)
    assert told is not None
    assert told > 21_000


def test_what_is_told_does_not_flicker_and_is_never_behind_the_clock() -> None:
    expectation = Expectation([10_000])
    told = []
    for elapsed in range(0, 30_000, 100):
        told.append(expectation.revise(elapsed, elapsed / 30_000) or 0)
        assert told[-1] >= elapsed

    assert len(set(told)) < 20
    assert told[-1] == pytest.approx(30_000, rel=0.1)


def test_a_run_that_says_nothing_of_its_progress_is_told_anew_a_few_times_only() -> None:
    expectation = Expectation([9_000, 10_000, 11_000])
    told = [expectation.revise(elapsed, 0.0) or 0 for elapsed in range(0, 60_000, 300)]

    assert all(later >= elapsed for elapsed, later in zip(range(0, 60_000, 300), told, strict=True))
    assert told == sorted(told), "it does not jump back"
    assert len(set(told)) < 12


def test_a_quick_beginning_is_soon_forgotten() -> None:
    expectation = Expectation([])
    expectation.revise(500, 0.15)
    for second in range(1, 11):
        told = expectation.revise(second * 1_000, 0.15 + second * 0.01)
    assert told == pytest.approx(85_000, rel=0.1)


def test_what_was_told_while_it_waited_is_gone_on_with() -> None:
    assert Expectation([10_000], told=10_900).revise(100, 0.0) == 10_900


@pytest.mark.parametrize(
    ("recent", "elapsed", "left"),
    [([], 0, None), ([8_000], 2_000, 6_000), ([8_000] * 9 + [16_000], 0, 16_000), ([8_000], 9_000, 0)],
)
def test_what_is_left_is_said_so_that_nine_of_ten_keep_to_it(
    recent: list[int], elapsed: float, left: float | None
) -> None:
    assert Expectation(recent).left(elapsed) == left


def test_one_slot_takes_those_that_wait_one_after_the_other() -> None:
    assert ends([3_000], 1, 10_000, 3) == [13_000, 23_000, 33_000]


def test_several_slots_take_those_that_wait_as_they_become_free() -> None:
    assert ends([9_000, 1_000], 2, 10_000, 4) == [11_000, 19_000, 21_000, 29_000]


def test_of_many_that_run_one_is_as_likely_to_end_now_as_at_any_time() -> None:
    assert ends([], 100, 10_000, 2) == [10_100, 10_200]


@pytest.mark.parametrize(
    ("told", "expected", "then"),
    [
        (None, 10_000, timestamp(NOON + 10_000)),
        (timestamp(NOON + 10_900), 10_000, timestamp(NOON + 10_900)),
        (timestamp(NOON + 9_100), 10_000, timestamp(NOON + 9_100)),
        (timestamp(NOON + 11_100), 10_000, timestamp(NOON + 10_000)),
        (timestamp(NOON + 8_900), 10_000, timestamp(NOON + 10_000)),
        (timestamp(NOON - 1), 0, timestamp(NOON)),
    ],
    ids=["never told", "a little later", "a little earlier", "much later", "much earlier", "over"],
)
def test_what_moved_by_no_more_than_a_tenth_is_told_as_before(told: str | None, expected: float, then: str) -> None:
    assert steadied(told, expected, NOON) == then
