from bench.rounds import Effort


def test_there_are_as_many_rounds_as_were_asked_for() -> None:
    assert list(Effort(3, seconds=3_600)) == [0, 1, 2]


def test_one_round_is_made_however_little_time_there_is() -> None:
    assert list(Effort(3, seconds=0)) == [0]
