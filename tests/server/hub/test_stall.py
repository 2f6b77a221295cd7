from server.hub.stall import PROGRESS_BYTES, Stall


def test_who_took_four_kibibytes_moves_and_the_time_begins_anew() -> None:
    stall = Stall(100_000, 10.0)
    assert stall.moves(100_000 - PROGRESS_BYTES, 15.0)
    assert (stall.left, stall.since) == (100_000 - PROGRESS_BYTES, 15.0)


def test_less_than_that_is_no_movement_however_often() -> None:
    stall = Stall(100_000, 10.0)
    assert not any(stall.moves(100_000 - taken, 11.0) for taken in range(0, PROGRESS_BYTES, 100))
    assert stall.since == 10.0


def test_small_portions_add_up() -> None:
    stall = Stall(100_000, 10.0)
    moved = [second for second in range(10) if stall.moves(100_000 - 1_500 * second, 10.0 + second)]
    assert moved == [3, 6, 9]


def test_what_comes_on_top_is_no_movement() -> None:
    stall = Stall(100_000, 10.0)
    assert not stall.moves(200_000, 11.0)
    assert stall.since == 10.0
