"""How long to wait before the next attempt, and for how long to go on trying. Pure."""

import math

FIRST_SECONDS = 0.5
MOST_SECONDS = 20.0

GIVE_UP_SECONDS = 60.0
"""Without any answer for this long there is nothing more to wait for."""


def full_jitter(attempt: int, random: float) -> float:
    """Anything from 0 to a bound that doubles with every attempt, so that those cut off together come back apart.

    `attempt` is 0 for the first, `random` from 0 to 1.
    """
    return random * min(MOST_SECONDS, math.ldexp(FIRST_SECONDS, min(attempt, 16)))
