"""The kinds of job: what is run for each, by whom it is made, how long it may take, and how many of it at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.records.job import JsonObject
from storage.records.media import Picture
from storage.stored import WITHOUT_LIMIT, Most

if TYPE_CHECKING:
    from jobs.run import Run


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run made. `result` stands in the job's record, `picture` beside it."""

    result: JsonObject
    picture: Picture | None = None


Function = Callable[["Run"], Awaitable[Finished]]
"""Does the work of one run. Raises a `jobs.errors.JobFailure` where there is nothing to return, and `NotYet` where
something else has to be there first.

It may be run again for the same job, after a worker was lost: what an earlier run has shown is in `run.job.result`, and
what it has with its provider in `run.task`."""

Abandon = Callable[[bytes], Awaitable[None]]
"""Cancels a provider's task, of which `run.task` was noted, as far as the provider can. Nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`at_once` counts for one worker, `most` for all of them together; a run may take `seconds`."""

    name: str
    function: Function
    provider: str
    at_once: int
    seconds: float
    most: Most = WITHOUT_LIMIT
    abandon: Abandon | None = None


Registry = dict[str, Kind]


def registry(*kinds: Kind) -> Registry:
    return {kind.name: kind for kind in kinds}
