"""How long is measured."""

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bench.processes import NotMeasured

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effort:
    """Of one part: so many rounds at most, and so many seconds as long as that leaves one round."""

    rounds: int
    seconds: float

    def __iter__(self) -> Iterator[int]:
        """Numbers of rounds. Another one is begun only while one as long as the longest so far fits into the time."""
        begun = previous = time.monotonic()
        longest = 0.0
        for number in range(self.rounds):
            yield number
            now = time.monotonic()
            longest, previous = max(longest, now - previous), now
            if now - begun + longest > self.seconds:
                return


def alternate(
    rounds: int, tasks: Mapping[K, Callable[[], T]], give_up: Callable[[K, NotMeasured], None]
) -> dict[K, list[T]]:
    """Do all tasks in every round, each round beginning with another one. Answers what each brought, round by round.

    `give_up` is told of a task that raises NotMeasured: it raises, too, or the task is left out from there on and does
    not stand in the answer.
    """
    taken: dict[K, list[T]] = {key: [] for key in tasks}
    for number in range(rounds):
        keys = list(taken)
        first = number % len(keys) if keys else 0
        for key in keys[first:] + keys[:first]:
            try:
                taken[key].append(tasks[key]())
            except NotMeasured as error:
                give_up(key, error)
                del taken[key]
    return taken
