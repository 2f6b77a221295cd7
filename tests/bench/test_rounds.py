from collections.abc import Callable

from bench.processes import NotMeasured
from bench.rounds import Effort, alternate


def test_there_are_as_many_rounds_as_were_asked_for() -> None:
    assert list(Effort(3, seconds=3_600)) == [0, 1, 2]


def test_one_round_is_made_however_little_time_there_is() -> None:
    assert list(Effort(3, seconds=0)) == [0]


def test_every_round_does_all_tasks_and_begins_with_another_one() -> None:
    order: list[str] = []

    def task(name: str) -> Callable[[], int]:
        def run() -> int:
            order.append(name)
            return len(order)

        return run

    taken = alternate(3, {name: task(name) for name in "abc"}, never)
    assert "".join(order) == "abcbcacab"
    assert taken == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


def test_a_task_that_is_given_up_is_left_out_with_all_it_brought() -> None:
    given_up: list[tuple[str, str]] = []
    rounds: list[int | NotMeasured] = [1, NotMeasured("no more")]

    def fails_later() -> int:
        brought = rounds.pop(0)
        if isinstance(brought, NotMeasured):
            raise brought
        return brought

    taken = alternate(
        3, {"bad": fails_later, "good": lambda: 7}, lambda name, error: given_up.append((name, str(error)))
    )
    assert taken == {"good": [7, 7, 7]}
    assert given_up == [("bad", "no more")]


def never(_: str, error: NotMeasured) -> None:
    raise error
