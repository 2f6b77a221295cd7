import pytest

from bench.figures import Spread, alone, percentile, row


@pytest.mark.parametrize(("share", "figure"), [(0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (1, 100)])
def test_a_percentile_is_the_least_sample_that_so_many_do_not_exceed(share: float, figure: float) -> None:
    samples = [float(number) for number in range(100, 0, -1)]
    assert percentile(samples, share) == figure


def test_a_percentile_of_one_sample_is_that_sample() -> None:
    assert percentile([7.0], 0.5) == percentile([7.0], 0.99) == 7.0


def test_without_samples_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


def test_ratios_are_taken_within_each_round() -> None:
    found = row("what", "µs", [2.0, 30.0, 4.0], "reference", [1.0, 10.0, 4.0])
    assert found.measured == Spread(4.0, 2.0, 30.0)
    assert found.reference == Spread(4.0, 1.0, 10.0)
    assert found.ratio == Spread(2.0, 1.0, 3.0)


def test_rounds_without_their_reference_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        row("what", "µs", [1.0, 2.0], "reference", [1.0])


def test_a_round_whose_reference_is_nothing_has_no_ratio() -> None:
    assert row("what", "µs", [2.0, 3.0], "reference", [0.0, 1.0]).ratio == Spread(3.0, 3.0, 3.0)
    assert row("what", "µs", [2.0], "reference", [0.0]).ratio is None


def test_a_figure_that_nothing_stands_beside_has_no_reference() -> None:
    found = alone("what", "s", [1.0, 3.0], "≤ 2 s")
    assert (found.measured, found.reference, found.ratio) == (Spread(2.0, 1.0, 3.0), None, None)
