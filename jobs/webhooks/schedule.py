"""What follows on an attempt to deliver a webhook. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass

GONE = 410
"""The receiver wants this no more, and no repetition either."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the receiver's status, or in words why there is none."""

    status: int | None = None
    fault: str | None = None
    retry_after: float | None = None
    """Seconds, if the receiver named them."""

    @property
    def error(self) -> str | None:
        """Why it is not delivered; none if it is."""
        if self.status is None:
            return self.fault or "it did not answer"
        if 200 <= self.status < 300:
            return None
        if 300 <= self.status < 400:
            return f"it answered {self.status}, and redirections are not followed"
        return f"it answered {self.status}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Pauses in seconds: the first is about `first`, each is about twice the one before, and none is over `longest`.

    A delivery is given up when the next attempt would be more than `patience` after it was made.
    """

    first: float = 10.0
    longest: float = 7_200.0
    patience: float = 86_400.0

    def pause(
        self, answer: Answer, tries: int, *, chance: Callable[[float, float], float] = random.uniform
    ) -> float | None:
        """How long to wait after the failed attempt number `tries`; None if there is to be no further one.

        What the receiver asks for goes before, from `first` to `longest`; a little is added, so that not all come at
        once.
        """
        if answer.status == GONE:
            return None
        if answer.retry_after is not None:
            wanted = min(max(answer.retry_after, self.first), self.longest)
            return wanted + chance(0.0, wanted / 10)
        doubled = min(self.first * 2.0 ** min(tries - 1, 32), self.longest)
        return chance(doubled / 2, doubled)


DAY = Schedule()
