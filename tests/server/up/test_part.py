from server.up.part import RestartPause


def test_the_pause_doubles_up_to_its_limit() -> None:
    pause = RestartPause()

    assert [pause.after(0.1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_a_long_life_brings_the_first_pause_back() -> None:
    pause = RestartPause()
    for _ in range(5):
        pause.after(29.9)

    assert pause.after(30.0) == 0.2
    assert pause.after(0.0) == 0.4
