"""Portraits that other jobs go on with: waited for while they are being painted."""

from jobs.errors import InvalidInput, NotYet
from jobs.persistence import persistently
from storage.jobs import JobStore
from storage.portraits import PortraitStore
from storage.records.ids import JobId
from storage.records.job import Job, Status, milliseconds

LEAST_WAIT_SECONDS, MOST_WAIT_SECONDS = 0.5, 5.0
"""Between two looks at a portrait that is still being painted."""

UNKNOWN_WAIT_SECONDS = 1.0
"""The same where nobody knows how long it will take."""

NO_LONGER_KEPT = "The portrait is no longer kept."
"""For the person who waits, where neither Redis nor anything else has it."""


class FinishedPortraits:
    """What portrait jobs have painted. `purpose` is what their pictures are wanted for, as in «set in motion»."""

    def __init__(self, store: JobStore, portraits: PortraitStore, *, purpose: str) -> None:
        self._store = store
        self._portraits = portraits
        self._purpose = purpose

    async def data(self, portrait: JobId) -> bytes | None:
        """The picture's bytes; none where Redis does not have it, or no longer.

        Raises NotYet while it is being painted, and InvalidInput where there will be none. Waits for Redis.
        """
        stored = await persistently(lambda: self._store.look(portrait))
        if stored is None or stored.expired:
            return None
        match (job := stored.job).status:
            case Status.SUCCEEDED:
                return await persistently(lambda: self._portraits.data(portrait))
            case Status.FAILED:
                raise InvalidInput(f"There is no portrait to {self._purpose}: it could not be painted.")
            case Status.CANCELED:
                raise InvalidInput(f"There is no portrait to {self._purpose}: it was stopped.")
            case _:
                now = await persistently(self._store.now)
                pause, left = wait_seconds(job, now), seconds_left(job, now)
                raise NotYet("waiting for its portrait", pause, max(pause, left) if left is not None else None)


def wait_seconds(job: Job, now: int) -> float:
    """How long to wait for a portrait before looking again; `now` is Redis' clock, ms."""
    left = seconds_left(job, now)
    return UNKNOWN_WAIT_SECONDS if left is None else min(MOST_WAIT_SECONDS, max(LEAST_WAIT_SECONDS, left))


def seconds_left(job: Job, now: int) -> float | None:
    """How long it will probably take, if anybody knows; negative where it takes longer."""
    return (milliseconds(job.expected_at) - now) / 1000 if job.expected_at is not None else None
