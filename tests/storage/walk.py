"""A job store and its model, side by side: steps are taken in both, and compared."""

import asyncio
import itertools
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from redis.asyncio import Redis

from storage.errors import IdTaken, JobUnknown, StepRefused, StoreUnavailable, SubjectTaken
from storage.jobs import JobStore
from storage.keys import Keys
from storage.line import Line
from storage.queues import Queues
from storage.records.encoding import decode
from storage.records.ids import JobId
from storage.records.job import Job, Status
from storage.settings import StorageSettings
from storage.stored import Fenced, Most, Stored, Swept
from tests.storage.job_model import Model, ModelJob
from tests.storage.losing import Losing, Lost
from tests.support.job_states import ERROR, NOON, running

KEYS = Keys("walk:")
DAY_MS = 86_400_000
LEASE_MS = DAY_MS
"""None runs out but by a step that says so."""
UNBOUNDED = Most()
REFUSALS = (Fenced, StepRefused, JobUnknown, IdTaken, SubjectTaken)
TOMBSTONE = {"kind", "owner", "fingerprint", "status", "kept_until"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Begun:
    """A run, as the worker knows it that has begun it."""

    id: JobId
    claim: bytes
    job: Job


class SideBySide:
    """Over a Redis of its own, which is emptied first. `runs` and `seen` are what workers and others remember."""

    def __init__(self, loop: asyncio.Runner, redis: Redis, line: Line) -> None:
        self.model = Model()
        self.runs: list[Begun] = []
        self.seen: list[Stored] = []
        self._line = line
        self._loop = loop
        self._redis = redis
        self._commands = Losing(line)
        self._workers = itertools.count()
        self.store = JobStore(redis, KEYS, StorageSettings(redis_prefix=KEYS.prefix), commands=self._commands)
        self.queues = Queues(self._commands, KEYS)
        self.do(redis.flushdb())
        self.sweep(silent=True, at_once=1)

    def do(self, call: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await call

        return self._loop.run(awaited())

    def taken(self, call: Coroutine[Any, Any, object], *, allowed: bool, lost: Lost | None = None) -> bool:
        """Take a step, and see that it is refused if it is not allowed. Answers whether it has been carried out."""
        self._commands.lose = lost
        try:
            answer = self.do(call)
        except StoreUnavailable:
            assert lost is not None
            return allowed and lost == "answer"
        except REFUSALS:
            assert not allowed
            return False
        finally:
            self._commands.lose = None
        # Steps that do not raise when they are refused answer so.
        assert allowed == (all(answer) if isinstance(answer, list) else answer is not False)
        return allowed

    def look(self, job: ModelJob) -> Stored:
        stored = self.do(self.store.look(job.id))
        assert stored is not None
        return stored

    def see(self, job: ModelJob) -> Stored:
        self.seen.append(stored := self.look(job))
        return stored

    def claim(
        self, found: Sequence[Stored], most: Most = UNBOUNDED, *, allowed: bool = True, lost: Lost | None = None
    ) -> None:
        begun = [(stored, running(stored.job)) for stored in found]
        claim = self.store.claim(begun, lease_ms=LEASE_MS, worker=f"worker {next(self._workers)}", most=most)
        if self.taken(claim, allowed=allowed, lost=lost):
            for stored, job in begun:
                self.model.claim(self.model.jobs[stored.id])
                self.runs.append(Begun(stored.id, stored.claim, job))

    def keep_task(self, run: Begun, task: bytes, *, allowed: bool = True, lost: Lost | None = None) -> None:
        keep = self.store.keep_task(run.id, run.claim, task, lease_ms=LEASE_MS)
        if self.taken(keep, allowed=allowed, lost=lost):
            self.model.jobs[run.id].task = task
            self.model.renew(self.model.jobs[run.id])

    def requeue(
        self,
        seen: Stored,
        job: ModelJob,
        *,
        counts: bool,
        delay_ms: int = 0,
        allowed: bool = True,
        lost: Lost | None = None,
    ) -> None:
        requeue = self.store.requeue(seen, seen.job.requeued("lost", counts=counts), delay_ms=delay_ms)
        if self.taken(requeue, allowed=allowed, lost=lost):
            self.model.requeue(job, counts=counts, delayed=delay_ms > 0)

    def end(self, seen: Stored, job: ModelJob, *, allowed: bool = True, lost: Lost | None = None) -> None:
        if self.taken(self.store.end(seen, seen.job.failed(ERROR, NOON, NOON)), allowed=allowed, lost=lost):
            self.model.end(job, Status.FAILED, from_outside=True)

    def run_out(self, job: ModelJob) -> None:
        self.set_time(KEYS.leases, job.id)
        job.overdue = True

    def wait_too_long(self, job: ModelJob) -> None:
        self.set_field(job, "queued_at", b"1")
        job.late = True

    def entries(self, kind: str) -> list[bytes]:
        """What stands in a kind's queue, in its order."""
        return list(self.do(self._redis.zrange(KEYS.queue(kind), 0, -1)))

    def set_field(self, job: ModelJob, field: str, value: bytes) -> None:
        self.do(self._commands.ask([(b"HSET", KEYS.job(job.id), field, value)]))

    def set_time(self, name: str, member: bytes | str) -> None:
        """Whatever is due at this time has been due for long."""
        self.do(self._commands.ask([(b"ZADD", name, b"XX", 1, member)]))

    def lose(self, *members: tuple[str, bytes | str]) -> None:
        self.do(self._commands.ask([(b"ZREM", name, member) for name, member in members]))

    def lose_connection(self) -> None:
        async def lose() -> None:
            self._line.renew()

        self.do(lose())

    def sweep(self, *, silent: bool, at_once: int) -> Sequence[Swept]:
        """So many sweeps at once, the last one before them not long ago or, if Redis was `silent`, very long ago."""

        async def sweep() -> list[Swept]:
            await self._redis.set(KEYS.swept, 0 if silent else await self.store.now() - 1_000)
            return await asyncio.gather(
                *(self.store.sweep(lease_ms=LEASE_MS, patience_ms=DAY_MS, offset=0, batch=100) for _ in range(at_once))
            )

        return self.do(sweep())

    def compare(self) -> None:
        """Redis has what the model has, and nothing else; of the jobs those have changed that had to, and no other."""
        self.do(self._compare())

    async def _compare(self) -> None:
        model, jobs = self.model, list(self.model.jobs.values())
        async with self._redis.pipeline(transaction=False) as asked:
            for job in jobs:
                asked.execute_command("HGETALL", KEYS.job(job.id))
            asked.keys(f"{KEYS.prefix}*")
            *rows, keys = await asked.execute()
        for job, fields in zip(jobs, rows, strict=True):
            self._compare_one(job, {name.decode(): value for name, value in fields.items()})
        model.changed.clear()
        model.raised.clear()
        assert {name.decode() for name in keys} - {KEYS.blocked} == model.names(KEYS)
        sets = model.sets(KEYS)
        assert await self._members(list(sets)) == list(sets.values())

    def _compare_one(self, job: ModelJob, stored: dict[str, bytes]) -> None:
        if job.gone:
            assert set(stored) == TOMBSTONE
            return
        changed, raised = job.id in self.model.changed, job.id in self.model.raised
        record, claim = stored["record"], stored["claim"]
        assert record[:16] > job.version if changed else record == job.record
        assert claim > job.claim if raised else claim == job.claim
        job.record, job.claim = record, claim
        if changed and job.final and job.webhook:
            self.model.deliveries.add(job.id.encode() + b":" + job.version)
        told = decode(record)
        assert (told.status, told.attempt, stored["status"].decode()) == (job.status, job.attempt, job.status.value)
        assert (told.version, record[16:17]) == (int(job.version), b"f" if job.final else b"a")
        assert (int(stored.get("spent", b"0")), stored.get("task", b"")) == (job.spent, job.task)
        assert ("worker" in stored) == ("running" in stored) == (job.status is Status.PROCESSING)

    async def _members(self, names: Sequence[str]) -> list[set[bytes]]:
        plain = tuple(f"{KEYS.prefix}{kind}" for kind in ("running:", "unfinished:"))
        async with self._redis.pipeline(transaction=False) as asked:
            for name in names:
                if name.startswith(plain):
                    asked.smembers(name)
                else:
                    asked.zrange(name, 0, -1)
            return [set(members) for members in await asked.execute()]
