"""The job store: the only way a job's state changes.

A step is taken in two parts. The next record is made here, by the rules of `storage.records.job`, from the record that
was read; a script then writes it, if the job still is what was read, and publishes it in the same step.
"""

from collections.abc import Sequence
from typing import Any, cast

from redis.asyncio import Redis

from storage.commands import Commands, PooledCommands
from storage.errors import IdTaken, JobUnknown, QueueFull, StepRefused, SubjectTaken
from storage.keys import Keys
from storage.memory import Memory
from storage.portraits import StoredPicture
from storage.quotas import counters_of, numbers_of, spent
from storage.records.encoding import SPARE_BYTES, decode, encode_body, split_at_version, version_of
from storage.records.ids import JobId
from storage.records.job import IllegalStep, Job, Status, timestamp
from storage.running import RunningJobs
from storage.settings import StorageSettings
from storage.stored import Acceptance, Fenced, Found, Priority, Quota, Stored, Submission, Swept

HEAD_START_MS = 30 * 86_400_000
"""arq takes an entry once its score is past on the *worker's* clock: with a month's head start, clocks don't matter."""

FARTHEST_MS = 86_400_000
"""The farthest that a job steps back for being one of many of its owner."""

SILENCE_MS = 4_000
"""Between two sweeps, or half a lease if that is less: longer than this it was Redis that was silent, not a worker."""

TOUCH_MS = 60_000
"""How much of its time a finished job must have lost, at most, before a look gives it back."""

DELIVERY_KEEP_MS = 2 * 86_400_000
"""How long a webhook's delivery is remembered: it is tried for one day."""


class JobStore(RunningJobs):
    """All methods raise StoreUnavailable while Redis cannot be reached; nobody knows then whether the step was taken.

    Everything goes over `commands`, by default over the client. With a `memory` new jobs are refused while Redis is
    nearly full: for a server, and not for a worker, whose running jobs submit what was promised with them.
    """

    def __init__(
        self,
        client: Redis,
        keys: Keys,
        settings: StorageSettings,
        *,
        commands: Commands | None = None,
        memory: Memory | None = None,
    ) -> None:
        super().__init__(commands or PooledCommands(client), keys)
        self._memory = memory
        self._keep = int(settings.keep_seconds * 1000)
        self._keep_at_most = int(settings.keep_at_most_seconds * 1000)
        self._tombstone = int(settings.tombstone_seconds * 1000)
        self._spacing = int(settings.spacing_seconds * 1000)
        self._batch = int(settings.batch_seconds * 1000)
        self._touch = min(TOUCH_MS, self._keep // 10)

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

    async def advance(self, job: Job, claim: bytes, picture: StoredPicture | None = None) -> Job:
        """Store and publish the next record of a run, with its picture where there is one. Raises Fenced."""
        return decode(_done(await self._advance(job, claim, b"", picture)))

    async def end(self, stored: Stored, job: Job) -> Job:
        """End a job from outside its run, on the record that was read. Raises Fenced if it has changed since."""
        return decode(_done(await self._advance(job, stored.claim, _version(stored), None)))

    async def place(self, stored: Stored, job: Job) -> None:
        """Store the record of a job that has moved up in its queue. Raises Fenced if it has changed since."""
        _done(await self._advance(job, stored.claim, _version(stored), None))

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
                _version(stored),
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
        return decode(_done(answer))

    async def cancel(self, job_id: JobId) -> Job:
        """Stop a job, waiting or running. Raises JobUnknown, StepRefused."""
        return await self._ask(job_id, "canceled")

    async def retry(self, job_id: JobId, quotas: Sequence[Quota] = (), most_waiting: int | None = None) -> Job:
        """Try a failed or canceled job again. Raises JobUnknown, StepRefused, SubjectTaken, QueueFull, QuotaSpent."""
        return await self._ask(job_id, "retried", quotas, most_waiting)

    async def remove(self, job_id: JobId, *, unwanted: bool = True) -> Job:
        """Forget a finished job: its picture and record are gone on return. Raises JobUnknown, StepRefused.

        `unwanted` is what a person does not want any more: no other job is made in its place.
        """
        while True:
            stored = await self._known(job_id)
            job, keys = stored.job, self._keys
            if not job.final:
                raise StepRefused(job.status, "removed")
            answer = await self._scripts.call(
                "remove_job",
                [
                    keys.job(job_id),
                    keys.expiring,
                    keys.owner(stored.owner),
                    keys.portrait(job_id),
                    keys.failed,
                    keys.webhooks,
                    keys.deliveries,
                ],
                [job_id, _version(stored), self._tombstone, keys.webhook_stem, int(unwanted)],
            )
            if answer[0] == b"done":
                return job

    async def _ask(
        self, job_id: JobId, wanted: str, quotas: Sequence[Quota] = (), most_waiting: int | None = None
    ) -> Job:
        while True:
            stored = await self._known(job_id)
            job = stored.job
            try:
                if wanted == "retried":
                    return await self.requeue(
                        stored, job.retried(), fresh=True, quotas=quotas, most_waiting=most_waiting
                    )
                now = await self.now()
                return await self.end(stored, job.canceled(timestamp(now), self.expires_at(now)))
            except IllegalStep:
                raise StepRefused(job.status, wanted) from None
            except Fenced:
                continue

    async def _known(self, job_id: JobId) -> Stored:
        stored = await self.look(job_id)
        if stored is None or stored.expired:
            raise JobUnknown(job_id, expired=stored is not None)
        return stored

    async def take_task(self, stored: Stored) -> bool:
        """Take the note of a provider's task out of a job, to have that task cancelled. False: another has taken it."""
        return bool(await self._scripts.call("take_task", [self._keys.job(stored.id)], [stored.claim]))

    async def touch(self, seen: Sequence[Stored]) -> None:
        """Somebody looked at these: those that are finished are kept longer. Costs nothing for one just touched."""
        due = [
            stored.id for stored in seen if stored.keeps is not None and 0 < stored.keeps <= self._keep - self._touch
        ]
        if due:
            keys, limits = self._keys, (self._keep, self._keep_at_most)
            await self._scripts.call_all(
                "touch_job",
                [([keys.job(id_), keys.expiring, keys.portrait(id_)], [id_, *limits]) for id_ in due],
            )

    async def sweep(self, *, lease_ms: int, patience_ms: int, offset: int, batch: int) -> Swept:
        """Look over leases, what waits for its time, active jobs `offset` … `offset + batch`, and what has expired."""
        keys = self._keys
        overdue, stray, late = await self._scripts.call(
            "sweep",
            [keys.leases, keys.active, keys.expiring, keys.swept, keys.delayed, keys.failed],
            [
                keys.job_stem,
                keys.portrait_stem,
                keys.owner_stem,
                keys.queue_stem,
                keys.wake_stem,
                lease_ms,
                min(SILENCE_MS, lease_ms // 2),
                patience_ms,
                self._tombstone,
                offset,
                batch,
            ],
        )
        return Swept(_found(overdue), _found(stray), _found(late))

    def expires_at(self, now_ms: int) -> str:
        return timestamp(now_ms + self._keep)

    async def _advance(self, job: Job, claim: bytes, version: bytes, picture: StoredPicture | None) -> Any:
        keys = self._keys
        body = encode_body(job, spare=SPARE_BYTES if job.status is Status.PROCESSING else 0)
        body, tail = split_at_version(job, body)
        return await self._scripts.call(
            "advance_job",
            [
                keys.job(job.id),
                keys.active,
                keys.leases,
                keys.expiring,
                keys.portrait(job.id),
                keys.queue(job.kind),
                keys.delayed,
                keys.failed,
                keys.webhooks,
                keys.stopped,
                keys.blocked,
                keys.deliveries,
            ],
            [
                job.id,
                claim,
                version,
                job.status.value,
                body,
                self._keep,
                self._keep_at_most,
                self._tombstone,
                picture.base64 if picture else b"",
                picture.etag if picture else "",
                tail,
                keys.wake_stem,
                keys.webhook_stem,
                DELIVERY_KEEP_MS,
            ],
        )


def _version(stored: Stored) -> bytes:
    if stored.record is None:
        raise JobUnknown(stored.id, expired=True)
    return version_of(stored.record)


def _done(answer: list[bytes]) -> bytes:
    if answer[0] != b"done":
        raise Fenced
    return answer[1]


def _found(jobs: list[list[bytes]]) -> list[Found]:
    return [Found(JobId(id_.decode()), version) for id_, version in jobs]
