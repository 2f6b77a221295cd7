"""The job store: the only way a job's state changes.

A step is taken in two parts. The next record is made here, by the rules of `storage.records.job`, from the record that
was read; a script then writes it, if the job still is what was read, and publishes it in the same step.
"""

from collections.abc import Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from storage import scripts
from storage.clock import TIME, Clock
from storage.commands import Command, Commands, PooledCommands
from storage.connect import store_errors
from storage.errors import IdTaken, JobUnknown, StepRefused
from storage.keys import Keys
from storage.memory import Memory
from storage.portraits import StoredPicture
from storage.records.encoding import decode, encode_body, split_at_version, version_of
from storage.records.ids import JobId
from storage.records.job import IllegalStep, Job, timestamp
from storage.settings import StorageSettings
from storage.stored import FIELDS, Acceptance, Fenced, Found, Stored, StoredWithInput, Submission, Swept, stored_of

# What arq reads when it delivers: its own format with our serializer. The arguments are in the entry's id.
ARQ_FUNCTION = "run_job"
ARQ_DEFINITION = b'{"t":null,"f":"run_job","a":[],"k":{},"et":0}'

HEAD_START_MS = 86_400_000
"""arq takes an entry once its score is past on the *worker's* clock: with a day's head start, clocks don't matter."""

SILENCE_MS = 5_000
"""Between two sweeps, or half a lease if that is less: longer than this it was Redis that was silent, not a worker."""

TOUCH_MS = 60_000
"""How much of its time a finished job must have lost, at most, before a look gives it back."""


class JobStore:
    """All methods raise StoreUnavailable while Redis cannot be reached.

    What is asked most goes over `commands`, by default over the client too. With a `memory` new jobs are refused while
    Redis is nearly full: for a server, and not for a worker, whose running jobs submit what was promised with them.
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
        self._client = client
        self._commands = commands or PooledCommands(client)
        self._memory = memory
        self._clock = Clock()
        self._keys = keys
        self._job_stem = keys.job_stem
        self._scripts = scripts.register(client)
        self._keep = int(settings.keep_seconds * 1000)
        self._keep_at_most = int(settings.keep_at_most_seconds * 1000)
        self._tombstone = int(settings.tombstone_seconds * 1000)
        self._touch = min(TOUCH_MS, self._keep // 10)

    @property
    def commands(self) -> Commands:
        """What jobs are read over."""
        return self._commands

    async def now(self) -> int:
        """Redis' clock, ms: the one clock that all processes share."""
        with store_errors():
            seconds, micros = await self._client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    async def submit(self, submission: Submission) -> tuple[Acceptance, bytes]:
        """Accept a job, or find the one that this repeats. Answers how, and the job's record.

        Raises IdTaken where the id means another input, JobUnknown (expired) where its job is no longer kept, StoreFull
        where it would be a new job and there is no room.
        """
        keys, id_ = self._keys, submission.id
        subject = keys.subject(submission.owner, submission.kind, submission.subject) if submission.subject else ""
        if self._memory is not None and (full := await self._memory.full()) and not await self._repeats(id_, subject):
            raise full
        job = Job(
            id=id_,
            kind=submission.kind,
            created_at=timestamp(await self.now()),
            provider=submission.provider,
            metadata=submission.metadata,
        )
        answer = await self._call(
            "submit_job",
            [keys.job(id_), keys.active, keys.owner(submission.owner), keys.queue(submission.kind)],
            [
                id_,
                submission.kind,
                submission.owner,
                submission.fingerprint,
                encode_body(job),
                submission.input,
                subject,
                ARQ_DEFINITION,
                keys.job_stem,
                keys.arq_job_stem,
                keys.wake(submission.kind),
                HEAD_START_MS,
            ],
        )
        match answer[0]:
            case b"taken":
                raise IdTaken(id_)
            case b"expired":
                raise JobUnknown(id_, expired=True)
            case word:
                return Acceptance(word.decode()), cast(bytes, answer[1])

    async def _repeats(self, job_id: JobId, subject: str) -> bool:
        """Whether a submission stands for a job that is there, by its id or by its subject."""
        if await self.look(job_id) is not None:
            return True
        with store_errors():
            return bool(subject and await self._client.exists(subject))

    async def get(self, job_id: JobId) -> StoredWithInput | None:
        """The job as a worker needs it, or none if its id was never seen."""
        (row,) = await self._read([(b"HMGET", self._job_stem + job_id, *FIELDS, b"input")])
        stored = stored_of(job_id, row, self._clock.now)
        if stored is None:
            return None
        return StoredWithInput(
            stored.id,
            stored.record,
            stored.owner,
            stored.claim,
            stored.etag,
            stored.keeps,
            stored.spent,
            input=row[-1] or b"",
        )

    async def look(self, job_id: JobId) -> Stored | None:
        """The job as those who watch it need it, or none if its id was never seen."""
        (row,) = await self._read([(b"HMGET", self._job_stem + job_id, *FIELDS)])
        return stored_of(job_id, row, self._clock.now)

    async def get_many(self, job_ids: Sequence[JobId]) -> list[Stored | None]:
        """What `look` answers for each, in the order asked for and in one round trip."""
        stem = self._job_stem
        rows = await self._read([(b"HMGET", stem + id_, *FIELDS) for id_ in job_ids])
        now = self._clock.now
        return [stored_of(id_, row, now) for id_, row in zip(job_ids, rows, strict=True)]

    async def _read(self, commands: list[Command]) -> list[Any]:
        """The answers, with Redis' clock known when they are there."""
        if not self._clock.due:
            return await self._commands.ask(commands)
        *answers, time = await self._commands.ask([*commands, TIME])
        self._clock.hear(time)
        return answers

    async def owned(self, owner: str, *, limit: int, active: bool = False) -> list[Stored]:
        """The owner's jobs that are still kept, newest first; only those unfinished if `active`."""
        keys = self._keys
        with store_errors():
            if active:
                ids = (await self._client.zinter([keys.owner(owner), keys.active]))[: -limit - 1 : -1]
            else:
                ids = await self._client.zrevrange(keys.owner(owner), 0, limit - 1)
        found = await self.get_many([JobId(id_.decode()) for id_ in cast(list[bytes], ids)])
        return [stored for stored in found if stored is not None and not stored.expired]

    async def claim(self, stored: Stored, job: Job, *, lease_ms: int) -> Job:
        """Begin the run of a queued job; `job` is that run's record. Raises Fenced if it is not ours to run."""
        keys, entry = self._keys, self._entry(stored)
        answer = await self._call(
            "claim_job",
            [
                keys.job(stored.id),
                keys.queue(job.kind),
                keys.leases,
                keys.arq_job_stem + entry,
                keys.arq_lock_stem + entry,
                keys.arq_retry_stem + entry,
            ],
            [stored.id, stored.claim, _version(stored), encode_body(job), lease_ms],
        )
        return decode(_done(answer))

    async def advance(self, job: Job, claim: bytes, picture: StoredPicture | None = None) -> Job:
        """Store and publish the next record of a run, with its picture where there is one. Raises Fenced."""
        return decode(_done(await self._advance(job, claim, b"", picture)))

    async def end(self, stored: Stored, job: Job) -> Job:
        """End a job from outside its run, on the record that was read. Raises Fenced if it has changed since."""
        return decode(_done(await self._advance(job, stored.claim, _version(stored), None)))

    async def waiting(self, kind: str, *, first: int, every_ms: int) -> list[JobId]:
        """The first jobs that wait in a kind's queue, in their order; of all who ask within `every_ms` only to one."""
        with store_errors():
            if not await self._client.set(self._keys.counted(kind), b"", nx=True, px=every_ms):
                return []
            entries = await self._client.zrange(self._keys.queue(kind), 0, first - 1)
        return [JobId(entry.decode().rpartition(":")[0]) for entry in cast(list[bytes], entries)]

    async def place(self, stored: Stored, job: Job) -> None:
        """Store the record of a job that has moved up in its queue. Raises Fenced if it has changed since."""
        _done(await self._advance(job, stored.claim, _version(stored), None))

    async def requeue(self, stored: Stored, job: Job, *, fresh: bool = False) -> Job:
        """Put a job back into its queue, on the record that was read. Raises Fenced.

        `fresh` where a person asked: at the queue's end, with its attempts so far no longer held against it.
        """
        keys = self._keys
        answer = await self._call(
            "requeue_job",
            [keys.job(stored.id), keys.active, keys.leases, keys.expiring, keys.queue(job.kind)],
            [
                stored.id,
                stored.claim,
                _version(stored),
                encode_body(job),
                ARQ_DEFINITION,
                keys.arq_job_stem,
                keys.arq_lock_stem,
                keys.arq_retry_stem,
                keys.wake(job.kind),
                HEAD_START_MS,
                "1" if fresh else "0",
                job.attempt,
            ],
        )
        return decode(_done(answer))

    async def cancel(self, job_id: JobId) -> Job:
        """Stop a job, waiting or running. Raises JobUnknown, StepRefused."""
        return await self._ask(job_id, "canceled")

    async def retry(self, job_id: JobId) -> Job:
        """Try a failed or canceled job again. Raises JobUnknown, StepRefused."""
        return await self._ask(job_id, "retried")

    async def remove(self, job_id: JobId) -> Job:
        """Forget a finished job: its picture and record are gone on return. Raises JobUnknown, StepRefused."""
        while True:
            stored = await self.get(job_id)
            if stored is None or stored.expired:
                raise JobUnknown(job_id, expired=stored is not None)
            job, keys = stored.job, self._keys
            if not job.final:
                raise StepRefused(job.status, "removed")
            answer = await self._call(
                "remove_job",
                [keys.job(job_id), keys.expiring, keys.owner(stored.owner), keys.portrait(job_id)],
                [job_id, _version(stored), self._tombstone],
            )
            if answer[0] == b"done":
                return job

    async def _ask(self, job_id: JobId, wanted: str) -> Job:
        while True:
            stored = await self.get(job_id)
            if stored is None or stored.expired:
                raise JobUnknown(job_id, expired=stored is not None)
            job = stored.job
            try:
                if wanted == "retried":
                    return await self.requeue(stored, job.retried(), fresh=True)
                now = await self.now()
                return await self.end(stored, job.canceled(timestamp(now), self.expires_at(now)))
            except IllegalStep:
                raise StepRefused(job.status, wanted) from None
            except Fenced:
                continue

    async def renew(self, job_id: JobId, claim: bytes, *, lease_ms: int) -> bool:
        """Renew a lease. False: the claim is another's by now, and the run is to stop."""
        answer = await self._call("renew_lease", [self._keys.job(job_id), self._keys.leases], [job_id, claim, lease_ms])
        return bool(answer)

    async def touch(self, seen: Sequence[Stored]) -> None:
        """Somebody looked at these: those that are finished are kept longer. Costs nothing for one just touched."""
        due = [
            stored.id for stored in seen if stored.keeps is not None and 0 < stored.keeps <= self._keep - self._touch
        ]
        if not due:
            return
        keys, script = self._keys, self._scripts["touch_job"]
        limits = (self._keep, self._keep_at_most)
        commands: list[Command] = [
            (b"EVALSHA", script.sha, 3, keys.job(id_), keys.expiring, keys.portrait(id_), id_, *limits) for id_ in due
        ]
        try:
            await self._commands.ask(commands)
        except NoScriptError:
            await self._commands.ask([(b"SCRIPT", b"LOAD", scripts.source("touch_job")), *commands])

    async def sweep(self, *, lease_ms: int, patience_ms: int, offset: int, batch: int) -> Swept:
        """Look over leases, waiting jobs `offset` … `offset + batch`, and what has expired."""
        keys = self._keys
        overdue, stray, late = await self._call(
            "sweep",
            [keys.leases, keys.active, keys.expiring, keys.swept],
            [
                keys.job_stem,
                keys.portrait_stem,
                keys.owner_stem,
                keys.queue_stem,
                lease_ms,
                min(SILENCE_MS, lease_ms // 2),
                patience_ms,
                self._tombstone,
                offset,
                batch,
            ],
        )
        return Swept(_found(overdue), _found(stray), _found(late))

    async def count_active(self) -> int:
        with store_errors():
            return int(await self._client.zcard(self._keys.active))

    def expires_at(self, now_ms: int) -> str:
        return timestamp(now_ms + self._keep)

    async def _advance(self, job: Job, claim: bytes, version: bytes, picture: StoredPicture | None) -> Any:
        keys = self._keys
        entry = f"{job.id}:{claim.decode()}"
        body, tail = split_at_version(job, encode_body(job))
        return await self._call(
            "advance_job",
            [
                keys.job(job.id),
                keys.active,
                keys.leases,
                keys.expiring,
                keys.portrait(job.id),
                keys.queue(job.kind),
                keys.arq_job_stem + entry,
                keys.arq_lock_stem + entry,
                keys.arq_retry_stem + entry,
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
            ],
        )

    async def _call(self, name: str, keys: list[str], args: list[Any]) -> Any:
        with store_errors():
            return await self._scripts[name](keys=keys, args=args)

    @staticmethod
    def _entry(stored: Stored) -> str:
        return f"{stored.id}:{stored.claim.decode()}"


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
