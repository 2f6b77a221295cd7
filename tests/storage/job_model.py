"""What becomes of jobs, as a plain model: what each step may do, and what then has to stand in Redis."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from storage.errors import IdTaken, JobUnknown
from storage.keys import Keys
from storage.records.ids import JobId
from storage.records.job import FINAL, Status
from storage.stored import Acceptance, Most, Submission

PROVIDER = "painter"


@dataclass(slots=True)
class ModelJob:
    """`record` and `claim` are as they were last seen in Redis; everything else is only known here."""

    id: JobId
    kind: str
    owner: str
    fingerprint: str
    subject: str
    webhook: bool
    status: Status = Status.QUEUED
    attempt: int = 0
    spent: int = 0
    task: bytes = b""
    record: bytes = b""
    claim: bytes = b""
    delayed: bool = False
    due: bool = False
    """It is delayed, and the time has come."""
    overdue: bool = False
    """It runs, and its lease ran out."""
    late: bool = False
    """It has waited too long, should it be waiting."""
    stray: bool = False
    """Redis has lost its queue entry, or its lease."""
    expired: bool = False
    gone: bool = False

    @property
    def final(self) -> bool:
        return self.status in FINAL

    @property
    def kept(self) -> bool:
        return not (self.gone or self.expired)

    @property
    def version(self) -> bytes:
        return self.record[:16]

    @property
    def entry(self) -> bytes:
        return self.id.encode() + b":" + self.claim


@dataclass(slots=True)
class Model:
    jobs: dict[JobId, ModelJob] = field(default_factory=dict)
    subjects: dict[str, JobId] = field(default_factory=dict)
    aliases: dict[JobId, tuple[str, JobId]] = field(default_factory=dict)
    """Ids that were answered with the job of their subject: their fingerprints, and the id of that job."""
    deliveries: set[bytes] = field(default_factory=set)
    changed: set[JobId] = field(default_factory=set)
    """Jobs whose record the step that was just taken has to have changed."""
    raised: set[JobId] = field(default_factory=set)
    """Jobs whose claim it has to have raised."""

    def those(self, *statuses: Status) -> list[ModelJob]:
        return [job for job in self.jobs.values() if job.status in statuses and not job.gone]

    def holds(self, job_id: JobId, claim: bytes) -> bool:
        """Whether a run under this claim may write."""
        job = self.jobs[job_id]
        return job.status is Status.PROCESSING and job.claim == claim

    def answer(self, given: Submission, subject: str) -> Acceptance | type[Exception]:
        known = self.jobs.get(given.id)
        if known is not None:
            if known.fingerprint != given.fingerprint:
                return IdTaken
            return Acceptance.KNOWN if known.kept else JobUnknown
        if given.id in self.aliases:
            fingerprint, same_as = self.aliases[given.id]
            if fingerprint != given.fingerprint:
                return IdTaken
            return Acceptance.KNOWN if self.jobs[same_as].kept else JobUnknown
        return Acceptance.SUBJECT if subject in self.subjects else Acceptance.ACCEPTED

    def ready(self, kind: str, entries: Sequence[bytes], first: int, most: Most) -> list[JobId]:
        """Of a queue's entries those that may run now."""
        running = self.those(Status.PROCESSING)
        places = min(first, most.kind - sum(job.kind == kind for job in running), most.provider - len(running))
        per_owner = {owner: sum(job.owner == owner for job in running) for owner in ("ann", "bob")}
        found: list[JobId] = []
        for entry in entries:
            job = self.jobs[JobId(entry.decode().rpartition(":")[0])]
            if len(found) < places and per_owner[job.owner] < most.owner:
                per_owner[job.owner] += 1
                found.append(job.id)
        return found

    def accept(self, given: Submission, subject: str) -> None:
        self.jobs[given.id] = ModelJob(
            given.id, given.kind, given.owner, given.fingerprint, subject, given.webhook is not None
        )
        if subject:
            self.subjects[subject] = given.id
        self.changed.add(given.id)
        self.raised.add(given.id)

    def claim(self, job: ModelJob) -> None:
        job.status = Status.PROCESSING
        job.attempt += 1
        job.overdue = job.stray = False
        self.changed.add(job.id)

    def renew(self, job: ModelJob) -> None:
        job.overdue = job.stray = False

    def end(self, job: ModelJob, status: Status, *, from_outside: bool) -> None:
        job.status = status
        job.delayed = job.due = job.stray = job.overdue = False
        if self.subjects.get(job.subject) == job.id:
            del self.subjects[job.subject]
        self.changed.add(job.id)
        if from_outside:
            self.raised.add(job.id)

    def requeue(self, job: ModelJob, *, counts: bool = True, delayed: bool = False) -> None:
        if job.status is Status.PROCESSING and counts:
            job.late = False
        if not counts:
            job.attempt -= 1
        self._queue(job, delayed)

    def retry(self, job: ModelJob) -> None:
        job.spent, job.task, job.late = job.attempt, b"", False
        if job.subject:
            self.subjects[job.subject] = job.id
        self._queue(job, False)

    def _queue(self, job: ModelJob, delayed: bool) -> None:
        job.status = Status.QUEUED
        job.delayed, job.due, job.stray, job.overdue = delayed, False, False, False
        self.changed.add(job.id)
        self.raised.add(job.id)

    def sweep(self, *, silent: bool) -> tuple[set[JobId], set[JobId], set[JobId]]:
        """What a sweep does by itself, and the ids of what it finds: overdue, stray, late."""
        for job in self.jobs.values():
            if silent:
                job.overdue = False
            if job.due:
                job.delayed = job.due = False
            if job.expired:
                self.bury(job)
        queued, running = self.those(Status.QUEUED), self.those(Status.PROCESSING)
        late = {job.id for job in queued if job.late}
        stray = {job.id for job in [*queued, *running] if job.stray}
        return {job.id for job in running if job.overdue}, stray - late, late

    def remove(self, job: ModelJob) -> None:
        self.deliveries = {delivery for delivery in self.deliveries if not delivery.startswith(job.id.encode())}
        self.bury(job)

    def bury(self, job: ModelJob) -> None:
        job.gone = True
        job.expired = False

    def sets(self, keys: Keys) -> dict[str, set[bytes]]:
        """Every set and sorted set that there has to be, with its members."""
        found = {name: set(self.deliveries) for name in (keys.webhooks, keys.deliveries)}
        queued, running = self.those(Status.QUEUED), self.those(Status.PROCESSING)
        _gather(found, (job for job in running if not job.stray), lambda job: [keys.leases])
        _gather(
            found,
            running,
            lambda job: [keys.running_kind(job.kind), keys.running_provider(PROVIDER), keys.running_owner(job.owner)],
        )
        _gather(found, [*queued, *running], lambda job: [keys.active, keys.unfinished(job.kind, job.owner)])
        _gather(found, self.those(Status.FAILED), lambda job: [keys.failed])
        _gather(found, self.those(*FINAL), lambda job: [keys.expiring])
        _gather(found, self.those(*Status), lambda job: [keys.owner(job.owner)])
        for job in queued:
            if not job.stray:
                found.setdefault(keys.delayed if job.delayed else keys.queue(job.kind), set()).add(job.entry)
        return {name: members for name, members in found.items() if members}

    def names(self, keys: Keys) -> set[str]:
        """Every key that there has to be."""
        pictures = {keys.portrait(job.id) for job in self.those(Status.SUCCEEDED)}
        deliveries = {keys.webhook(delivery.decode()) for delivery in self.deliveries}
        return {
            *map(keys.job, [*self.jobs, *self.aliases]),
            *self.sets(keys),
            *self.subjects,
            *pictures,
            *deliveries,
            keys.swept,
        }


def _gather(found: dict[str, set[bytes]], jobs: Iterable[ModelJob], names: Callable[[ModelJob], list[str]]) -> None:
    for job in jobs:
        for name in names(job):
            found.setdefault(name, set()).add(job.id.encode())
