"""The job store: the only way a job's state changes.

A step is taken in two parts. The next record is made here, by the rules of `storage.records.job`, from the record that
was read; a script then writes it, if the job still is what was read, and publishes it in the same step.
"""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from storage.commands import Commands, PooledCommands
from storage.errors import JobUnknown, StepRefused
from storage.keys import Keys
from storage.memory import Memory
from storage.portraits import StoredPicture
from storage.queueing import QueuedJobs, done
from storage.records.encoding import SPARE_BYTES, decode, encode_body, split_at_version
from storage.records.ids import JobId
from storage.records.job import IllegalStep, Job, Status, timestamp
from storage.settings import StorageSettings
from storage.stored import Fenced, Found, Quota, Stored, Swept

SILENCE_MS = 4_000
"""Between two sweeps, or half a lease if that is less: longer than this it was Redis that was silent, not a worker."""

TOUCH_MS = 60_000
"""How much of its time a finished job must have lost, at most, before a look gives it back."""

DELIVERY_KEEP_MS = 2 * 86_400_000
"""How long a webhook's delivery is remembered: it is tried for one day."""


class JobStore(QueuedJobs):
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
        super().__init__(commands or PooledCommands(client), keys, settings, memory)
        self._keep = int(settings.keep_seconds * 1000)
        self._keep_at_most = int(settings.keep_at_most_seconds * 1000)
        self._touch = min(TOUCH_MS, self._keep // 10)

    async def advance(self, job: Job, claim: bytes, picture: StoredPicture | None = None) -> Job:
        """Store and publish the next record of a run, with its picture where there is one. Raises Fenced."""
        return decode(done(await self._advance(job, claim, b"", picture)))

    async def end(self, stored: Stored, job: Job) -> Job:
        """End a job from outside its run, on the record that was read. Raises Fenced if it has changed since."""
        return decode(done(await self._advance(job, stored.claim, stored.version, None)))

    async def place(self, stored: Stored, job: Job) -> None:
        """Store the record of a job that has moved up in its queue. Raises Fenced if it has changed since."""
        done(await self._advance(job, stored.claim, stored.version, None))

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
                [job_id, stored.version, self._tombstone, keys.webhook_stem, int(unwanted)],
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


def _found(jobs: list[list[bytes]]) -> list[Found]:
    return [Found(JobId(id_.decode()), version) for id_, version in jobs]
