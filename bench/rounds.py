"""How long is measured."""

import time
from collections.abc import Iterator
from dataclasses import dataclass


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
