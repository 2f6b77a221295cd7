"""Redis' clock, as somebody knows it who does not ask each time: its distance from a clock of the process."""

import time
from collections.abc import Callable, Sequence

from storage.commands import Command

TIME: Command = (b"TIME",)
RENEWED_SECONDS = 1.0


class Clock:
    """Whoever talks to Redis anyway asks TIME along with it while `due`, and says what it answered."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard = float("-inf")
        self._ahead = 0.0

    @property
    def due(self) -> bool:
        """Whether TIME was last asked a second ago, or never: then `now` is not to be relied on."""
        return self._clock() - self._heard >= RENEWED_SECONDS

    def hear(self, answer: Sequence[bytes]) -> None:
        """What TIME has answered just now."""
        self._heard = self._clock()
        self._ahead = int(answer[0]) * 1000 + int(answer[1]) / 1000 - self._heard * 1000

    @property
    def now(self) -> int:
        """Milliseconds, off by what the last answer took to come."""
        return int(self._clock() * 1000 + self._ahead)
