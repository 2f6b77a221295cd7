"""How jobs come into their queues: new ones, and those that wait again."""

from collections.abc import Sequence
from typing import cast

from storage.commands import Commands
from storage.errors import IdTaken, JobUnknown, QueueFull, SubjectTaken
from storage.keys import Keys
from storage.memory import Memory
from storage.quotas import counters_of, numbers_of, spent
from storage.records.encoding import decode, encode_body
from storage.records.ids import JobId
from storage.records.job import Job, Status, timestamp
from storage.running import RunningJobs
from storage.settings import StorageSettings
from storage.stored import Acceptance, Fenced, Priority, Quota, Stored, Submission

HEAD_START_MS = 30 * 86_400_000
"""arq takes an entry once its score is past on the *worker's* clock: with a month's head start, clocks don't matter."""

FARTHEST_MS = 86_400_000
"""The farthest that a job steps back for being one of many of its owner."""


class QueuedJobs(RunningJobs):
    """All methods raise StoreUnavailable while Redis cannot be reached: nobody knows then whether a step was taken."""

    def __init__(self, commands: Commands, keys: Keys, settings: StorageSettings, memory: Memory | None) -> None:
        super().__init__(commands, keys)
        self._memory = memory
        self._tombstone = int(settings.tombstone_seconds * 1000)
        self._spacing = int(settings.spacing_seconds * 1000)
        self._batch = int(settings.batch_seconds * 1000)

    async def submit(self, submission: Submission) -> tuple[Acceptance, bytes]:
        """Accept a job, or find the one that this repeats. Answers how, and the job's record.

        Raises IdTaken where the id means another input, JobUnknown (expired) where its job is no longer kept; and where
        it would be a new job: StoreFull where there is no room, QueueFull, QuotaSpent.
        """
        keys, id_, kind = self._keys, submission.id, submission.kind
        subject = keys.subject(submission.owner, kind, submission.subject) if submission.subject else ""
        if self._memory is not None and (full := await self._memory.full()) and not await self._repeats(id_, subject):
            raise full
        job = Job(
            id=id_,
            kind=kind,
            created_at=timestamp(await self.now()),
            provider=submission.provider,
            metadata=submission.metadata,
        )
        quotas = submission.quotas
        answer = await self._scripts.call(
            "submit_job",
            [
                keys.job(id_),
                keys.active,
                keys.owner(submission.owner),
                keys.queue(kind),
                keys.unfinished(kind, submission.owner),
                keys.wake(kind),
                *counters_of(quotas, keys),
            ],
            [
                id_,
                kind,
                submission.owner,
                submission.fingerprint,
                encode_body(job),
                submission.input,
                subject,
                submission.webhook or "",
                keys.job_stem,
                HEAD_START_MS,
                self._batch if submission.priority is Priority.BATCH else 0,
                self._spacing,
                FARTHEST_MS,
                submission.most_waiting or 0,
                submission.provider or "",
                self._tombstone,
                *numbers_of(quotas),
            ],
        )
        match answer[0]:
            case b"taken":
                raise IdTaken(id_)
            case b"expired":
                raise JobUnknown(id_, expired=True)
            case b"crowded":
                raise QueueFull(kind)
            case b"spent":
                raise spent(answer, quotas)
            case word:
                return Acceptance(word.decode()), cast(bytes, answer[1])

    async def _repeats(self, job_id: JobId, subject: str) -> bool:
        """Whether a submission stands for a job that is there, by its id or by its subject."""
        if await self.look(job_id) is not None:
            return True
        if not subject:
            return False
        (there,) = await self._commands.ask([(b"EXISTS", subject)])
        return bool(there)

    async def requeue(
        self,
        stored: Stored,
        job: Job,
        *,
        fresh: bool = False,
        delay_ms: int = 0,
        quotas: Sequence[Quota] = (),
        most_waiting: int | None = None,
    ) -> Job:
        """Put a job back into its queue, on the record that was read. Raises Fenced.

        `fresh` where a person asked, and then it may raise SubjectTaken, QueueFull and QuotaSpent: its attempts so far
        no longer count, and it stands where a new one would. With a delay it waits so long before it stands in the
        queue, in the place that it had. After a run that did not count it has waited since before that run.
        """
        before, keys = stored.job, self._keys
        waits_on = before.status is Status.QUEUED or job.attempt < before.attempt
        answer = await self._scripts.call(
            "requeue_job",
            [
                keys.job(stored.id),
                keys.active,
                keys.leases,
                keys.expiring,
                keys.queue(job.kind),
                keys.delayed,
                keys.failed,
                keys.wake(job.kind),
                keys.blocked,
                *counters_of(quotas, keys),
            ],
            [
                stored.id,
                stored.claim,
                stored.version,
                encode_body(job),
                HEAD_START_MS,
                "1" if fresh else "0",
                job.attempt,
                delay_ms,
                "1" if waits_on else "0",
                keys.wake_stem,
                self._spacing,
                FARTHEST_MS,
                keys.job_stem,
                most_waiting or 0,
                *numbers_of(quotas),
            ],
        )
        if answer[0] == b"subject":
            raise SubjectTaken(answer[1].decode())
        if answer[0] == b"crowded":
            raise QueueFull(job.kind)
        if answer[0] == b"spent":
            raise spent(answer, quotas)
        return decode(done(answer))


def done(answer: list[bytes]) -> bytes:
    """The record that a script has written. Raises Fenced where it has not."""
    if answer[0] != b"done":
        raise Fenced
    return answer[1]
