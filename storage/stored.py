"""What goes into the job store and what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from storage.errors import JobUnknown
from storage.records.encoding import decode, version_of
from storage.records.ids import JobId
from storage.records.job import Job, JsonObject


class Acceptance(Enum):
    """How a submission was answered."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    SUBJECT = "subject"


class Priority(StrEnum):
    """Whether somebody waits for a job and looks, or it is to be done when there is time."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Quota:
    """So much a day may have, and so much this takes. `name` stands for whose or what's it is."""

    name: str
    allowed: int
    takes: int = 1


@dataclass(frozen=True, slots=True)
class Submission:
    """What is wanted. `input` is what the worker gets, `fingerprint` stands for the input as it was sent.

    Only a new job counts against `quotas` and may be refused for `most_waiting`, the most of its kind that may wait.
    """

    id: JobId
    kind: str
    owner: str
    input: bytes
    fingerprint: str
    subject: str | None = None
    metadata: JsonObject | None = None
    provider: str | None = None
    webhook: str | None = None
    priority: Priority = Priority.INTERACTIVE
    quotas: Sequence[Quota] = ()
    most_waiting: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A job as it stands in Redis, for those who watch it. `record` is none where the job is no longer kept."""

    id: JobId
    record: bytes | None
    owner: str
    claim: bytes
    etag: str | None
    keeps: int | None
    """How long it is still kept, ms; none while the job is active."""
    spent: int
    """Attempts from before a person last asked; limits on attempts don't count them."""
    removed: bool = field(default=False, kw_only=True)
    """Whether a person has removed it; one that is no longer kept may also have expired."""

    @property
    def expired(self) -> bool:
        return self.record is None

    @property
    def job(self) -> Job:
        if self.record is None:
            raise JobUnknown(self.id, expired=True)
        return decode(self.record)

    @property
    def version(self) -> bytes:
        if self.record is None:
            raise JobUnknown(self.id, expired=True)
        return version_of(self.record)


FIELDS = (b"record", b"owner", b"claim", b"etag", b"kept_until", b"spent")
"""What of a job's hash makes a Stored."""


def stored_of(job_id: JobId, row: Sequence[bytes | None], now: int) -> Stored | None:
    """The job that a row of FIELDS is, by Redis' clock (ms). None for an id never seen."""
    record, owner, claim, etag, kept_until, spent = row[:6]
    if owner is None:
        return None
    keeps = None
    if kept_until is not None:
        keeps = int(kept_until) - now
        if keeps <= 0:
            record = None
    return Stored(
        job_id,
        record,
        owner.decode(),
        claim or b"",
        etag.decode() if etag is not None else None,
        keeps,
        int(spent) if spent is not None else 0,
        removed=kept_until == b"0",
    )


@dataclass(frozen=True, slots=True)
class StoredWithInput(Stored):
    """The same for those who work on it. `task` is what an earlier run has noted of the provider's task, or empty."""

    input: bytes
    task: bytes


UNBOUNDED = 10**9


@dataclass(frozen=True, slots=True)
class Most:
    """How many may run at once, of all workers together: of the kind, with its provider, and of one owner."""

    kind: int = UNBOUNDED
    provider: int = UNBOUNDED
    owner: int = UNBOUNDED


WITHOUT_LIMIT = Most()


@dataclass(frozen=True, slots=True)
class Found:
    """A job as a sweep found it. At another version it is no longer what was found, and is to be left alone."""

    id: JobId
    version: bytes


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: jobs whose lease ran out, those nobody would deliver, those that have waited too long."""

    overdue: Sequence[Found]
    stray: Sequence[Found]
    late: Sequence[Found]


class Fenced(Exception):
    """The claim is another's by now, or the run is over: whoever holds the old one stops, and has changed nothing."""
