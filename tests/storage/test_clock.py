from storage.clock import Clock


def test_it_goes_on_from_what_redis_said_last() -> None:
    now = 5.0
    clock = Clock(lambda: now)
    assert clock.due
    clock.hear((b"1000", b"250000"))
    assert (clock.now, clock.due) == (1_000_250, False)
    now += 0.75
    assert (clock.now, clock.due) == (1_001_000, False)


def test_after_a_second_it_is_to_be_asked_again_and_follows_a_clock_that_was_set() -> None:
    now = 5.0
    clock = Clock(lambda: now)
    clock.hear((b"1000", b"0"))
    now += 1
    assert clock.due
    clock.hear((b"400", b"0"))
    assert (clock.now, clock.due) == (400_000, False)
