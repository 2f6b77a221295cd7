"""What stands on the terminal about a set: one row for the set, one for each of its characters. Pure."""

from dataclasses import dataclass
from datetime import datetime

from server.generate.messages import SeenJob
from server.generate.state import CharacterSet
from storage.records.job import Status


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    progress: float
    stage: str
    expected_at: datetime | None
    """None where nothing is known, and where nothing more is expected."""


def rows(characters: CharacterSet, count: int) -> list[Row]:
    """The rows of a set that was asked for with `count` characters."""
    written = len(characters.cards)
    title = f"{written} of {count} characters" if count > 1 else "The character"
    return [
        _row(title, characters.job(characters.id), characters.failure(), "written"),
        *(
            _row(card.title, characters.job(card.portrait), characters.failure_of(card), "painted")
            for card in characters.cards
        ),
    ]


def _row(title: str, job: SeenJob | None, failure: str | None, done: str) -> Row:
    if failure is not None:
        return Row(title, job.progress if job is not None else 0.0, failure, None)
    if job is None:
        return Row(title, 0.0, "waiting", None)
    match job.status:
        case Status.SUCCEEDED:
            return Row(title, 1.0, done, None)
        case Status.QUEUED:
            place = f"number {job.queue_position} in the queue" if job.queue_position is not None else "waiting"
            return Row(title, 0.0, job.stage or place, job.expected_at)
        case _:
            return Row(title, job.progress, job.stage or "begun", job.expected_at)


def time_left(expected_at: datetime | None, now: datetime) -> str:
    """How long it will probably take yet, in words; empty where nothing is known."""
    if expected_at is None:
        return ""
    seconds = round((expected_at - now).total_seconds())
    if seconds < 1:
        return "any moment"
    if seconds < 60:
        return f"{seconds} s left"
    return f"{seconds // 60} min {seconds % 60} s left"
