"""When a job that failed is run again by itself, and after which pause. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from jobs.errors import JobFailure, RateLimited, TimedOut, Unavailable

ATTEMPTS = 3
"""Runs that count, since a person last asked, before a job has failed for good."""
FIRST_SECONDS = 2.0
MOST_SECONDS = 60.0
UNNAMED_WAIT_SECONDS = (2.0, 15.0)
"""What a provider is given that wants us to wait and does not say how long."""
LEAST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 3_600.0
"""What a provider may ask us to wait; a job that is asked for less or more is tried after this all the same."""


@dataclass(frozen=True, slots=True)
class Again:
    """Run it again after so many seconds; `counts` is whether the run before is held against the job."""

    seconds: float
    counts: bool
    stage: str


def again(
    failure: JobFailure, attempts: int, *, resumable: bool, chance: Callable[[float, float], float] = random.uniform
) -> Again | None:
    """What follows on a failure of the run that was number `attempts`; None if the job has failed.

    A provider that is away is asked three times, with full jitter; one that wants us to wait costs no attempt. A run
    whose time was up is `resumable` where its provider still works on the task, which the next run then goes on with.
    """
    match failure:
        case RateLimited(retry_after=seconds):
            wait = chance(*UNNAMED_WAIT_SECONDS) if seconds is None else seconds
            wait = max(LEAST_WAIT_SECONDS, min(wait, LONGEST_WAIT_SECONDS))
            return Again(wait, counts=False, stage="the provider is busy; waiting")
        case Unavailable() if attempts < ATTEMPTS:
            return Again(_jittered(attempts, chance), counts=True, stage="the provider is away; trying again")
        case TimedOut() if resumable and attempts < ATTEMPTS:
            return Again(0.0, counts=True, stage="this takes long; still waiting for the provider")
        case _:
            return None


def _jittered(attempts: int, chance: Callable[[float, float], float]) -> float:
    return chance(0.0, min(MOST_SECONDS, FIRST_SECONDS * 2 ** max(0, attempts - 1)))
