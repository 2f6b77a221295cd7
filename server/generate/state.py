"""What is known of one set of characters: what a server said goes in, what to watch and what became of it comes out.

Pure. An event is the whole state of its job, so the newest is always enough: nothing here depends on how many there
were, or by which way they came.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.generate.messages import Message, Missing, News, SeenJob, Unintelligible
from storage.records.ids import JobId
from storage.records.job import JsonObject, Status

LOST_SECONDS = 60.0
"""A portrait that is still unknown this long after its set was complete will not come."""


class Card(BaseModel):
    """A character as far as a terminal shows it. `record` is all that the server wrote."""

    model_config = ConfigDict(frozen=True)

    name: str
    race: str
    class_: str = Field(alias="class")
    portrait: JobId
    record: JsonObject

    @property
    def title(self) -> str:
        return f"{self.name}, {self.race} {self.class_}"


class CharacterSet:
    """A `characters` job and the portraits of its characters. Times are seconds of one monotonic clock."""

    def __init__(self, set_id: JobId) -> None:
        self.id = set_id
        self.cards: list[Card] = []
        self._jobs: dict[JobId, SeenJob] = {}
        self._missing: dict[JobId, float] = {}
        self._lost: set[JobId] = set()

    def receive(self, message: Message, now: float) -> None:
        """Take in what was said. Raises Unintelligible for a set whose characters are none."""
        match message:
            case News(job):
                self._jobs[job.id] = job
                self._missing.pop(job.id, None)
                self._lost.discard(job.id)
                if job.id == self.id:
                    self.cards = list(_cards(job.result))
                    self._missing.update(dict.fromkeys(self._missing, now))
            case Missing(job_id, expired):
                known = self._jobs.get(job_id)
                if expired and known is not None and known.final:
                    return  # what it came to is known
                self._jobs.pop(job_id, None)
                self._missing.setdefault(job_id, now)
                if expired:
                    self._lost.add(job_id)
            case _:
                pass

    def tick(self, now: float) -> None:
        """Time went by: portraits that nobody knows of are given up."""
        if self._ended(self.id):
            portraits = {card.portrait for card in self.cards}
            late = {job_id for job_id, since in self._missing.items() if now - since > LOST_SECONDS}
            self._lost |= late & portraits

    def job(self, job_id: JobId) -> SeenJob | None:
        return self._jobs.get(job_id)

    def is_lost(self, job_id: JobId) -> bool:
        """Whether the server knows the job no more."""
        return job_id in self._lost

    @property
    def finished(self) -> bool:
        """Nothing more will happen: the set and all its portraits have come to their end, whichever it is."""
        return self._ended(self.id) and all(self._ended(card.portrait) for card in self.cards)

    def wanted(self) -> dict[JobId, int]:
        """What to watch, each with the version that is known of it, or 0."""
        portraits = [card.portrait for card in self.cards if not self._ended(card.portrait)]
        return {job_id: self._version(job_id) for job_id in [self.id, *portraits]}

    def failure(self) -> str | None:
        """Why the set is not complete, as a sentence; none while it may yet be, and when it is."""
        return _failure(self._jobs.get(self.id), self.is_lost(self.id), "set")

    def failure_of(self, card: Card) -> str | None:
        """Why a character has no portrait, as a sentence; none while it may yet have one, and when it has."""
        return _failure(self._jobs.get(card.portrait), self.is_lost(card.portrait), "portrait")

    def _ended(self, job_id: JobId) -> bool:
        job = self._jobs.get(job_id)
        return job_id in self._lost or (job is not None and job.final)

    def _version(self, job_id: JobId) -> int:
        job = self._jobs.get(job_id)
        return job.version if job is not None else 0


def _cards(result: JsonObject | None) -> Iterator[Card]:
    characters: Any = (result or {}).get("characters")
    try:
        for character in characters or ():
            yield Card.model_validate({**character, "record": character})
    except (TypeError, ValidationError) as error:
        raise Unintelligible from error


def _failure(job: SeenJob | None, lost: bool, noun: str) -> str | None:
    if lost:
        return f"The server no longer keeps this {noun}."
    if job is None or not job.final or job.status is Status.SUCCEEDED:
        return None
    if job.status is Status.CANCELED:
        return f"This {noun} was stopped."
    return job.error.message if job.error is not None else f"This {noun} failed."
