"""When things are due that come at a rate, whether or not those before them have ended."""

import time


def moments(rate: float, seconds: float) -> list[int]:
    """From now on, in ns of the monotonic clock; at least one."""
    now = time.monotonic_ns()
    return [now + round(number / rate * 1e9) for number in range(max(1, round(rate * seconds)))]


def until(moment: int) -> float:
    """Seconds until then, or none."""
    return max(0.0, (moment - time.monotonic_ns()) / 1e9)
