"""Stores that are away: a job waits for them without holding a place among those that run."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.errors import NotYet
from storage.errors import DatabaseUnavailable, ObjectStoreUnavailable
from storage.records.job import Job, milliseconds

PATIENCE = 0.1
MOST_TIMES = 10
"""A store that refuses for a day is asked for every picture that waits."""


@contextmanager
def waiting_for_stores(job: Job, seconds: float) -> Iterator[None]:
    """Raises NotYet where a store is away, for about so many seconds: those that wait together do not come back so.

    For a tenth of the time that the `job` had waited when its run began, where that is more; ten times as long at most.
    """
    try:
        yield
    except ObjectStoreUnavailable as error:
        raise NotYet("the object store is away; waiting", _pause(job, seconds)) from error
    except DatabaseUnavailable as error:
        raise NotYet("the database is away; waiting", _pause(job, seconds)) from error


def _pause(job: Job, seconds: float) -> float:
    begun = job.started_at or job.created_at
    waited = (milliseconds(begun) - milliseconds(job.created_at)) / 1000
    return max(seconds, min(waited * PATIENCE, seconds * MOST_TIMES)) * random.uniform(0.75, 1.25)
