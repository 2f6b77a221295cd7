"""Random walks of the job store, compared after each step with a plain model of what it promises.

The clock of a Valkey cannot be changed. That time has passed is therefore modelled by setting what depends on it into
the past (leases, delays, the time since which a job waits, until when it is kept), and that the clock was put back by
setting a version into the future. A Redis that stands still is, to whoever asks, an answer that is lost, and to the
sweep a silence: both are among the steps.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.line import Line
from storage.records.encoding import decode
from storage.records.ids import new_job_id
from storage.records.job import FINAL, Job, Status
from storage.stored import Acceptance, Found, Most, Stored
from tests.storage.job_model import ModelJob
from tests.storage.losing import Lost
from tests.storage.walk import DAY_MS, KEYS, LEASE_MS, Begun, SideBySide
from tests.support.job_states import ERROR, NOON, PICTURE, done, further, submission

pytestmark = pytest.mark.timeout(120)

DEATHS = 3
NUMBER = st.integers(0, 1_000)
LOST: st.SearchStrategy[Lost | None] = st.sampled_from([None, None, None, "request", "answer"])
NOW = st.sampled_from([True, True, False])
"""Whether things as they are now are taken, and not as they may have been before."""
KIND = st.sampled_from(["portrait", "video"])
OWNER = st.sampled_from(["ann", "bob"])

HISTORIES: list[tuple[str, ...]] = [
    (),
    ("claim",),
    ("claim", "lose"),
    ("claim", "requeue", "claim"),
    ("claim", "keep", "delay"),
    ("claim", "keep", "fail"),
    ("wait", "claim"),
]
"""What became of the jobs with which a walk begins."""

T = TypeVar("T")


def pick(number: int, things: Sequence[T]) -> T:
    """One of them, the last ones before."""
    return things[-1 - number % len(things)]


def where(some: "Callable[[Walk], Sequence[object]]") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The step is taken only where there are some of these."""
    return precondition(lambda walk: bool(some(walk)))


class Walk(RuleBasedStateMachine):
    def __init__(self, loop: asyncio.Runner, redis: Redis, line: Line) -> None:
        super().__init__()
        self.both = SideBySide(loop, redis, line)
        self.model, self.store = self.both.model, self.both.store

    @invariant()
    def redis_has_what_the_model_has(self) -> None:
        self.both.compare()

    def those(self, *statuses: Status) -> list[ModelJob]:
        return self.model.those(*statuses)

    def all_jobs(self) -> list[ModelJob]:
        return list(self.model.jobs.values())

    def kept(self) -> list[ModelJob]:
        return [job for job in self.all_jobs() if job.kept]

    def unfinished(self) -> list[ModelJob]:
        return self.those(Status.QUEUED, Status.PROCESSING)

    def finished(self) -> list[ModelJob]:
        return [job for job in self.those(*FINAL) if job.kept]

    def leased(self) -> list[ModelJob]:
        return [job for job in self.those(Status.PROCESSING) if not job.stray]

    def delayed(self) -> list[ModelJob]:
        return [job for job in self.those(Status.QUEUED) if job.delayed]

    def seen(self, *statuses: Status) -> list[Stored]:
        return [seen for seen in self.both.seen if seen.job.status in statuses]

    # Submitting

    @initialize(histories=st.lists(st.sampled_from(HISTORIES), min_size=2, max_size=5))
    def begin(self, histories: list[tuple[str, ...]]) -> None:
        for history in histories:
            self._submit(None, owner="ann", webhook="https://hooks.example/")
            self.both.compare()
            for step in history:
                self._step(step, self.all_jobs()[-1])
                self.both.compare()

    def _step(self, step: str, job: ModelJob) -> None:
        match step:
            case "claim":
                self.both.claim([self.both.see(job)])
            case "keep":
                self.both.keep_task(self.both.runs[-1], b"their id")
            case "requeue":
                self.both.requeue(self.both.see(job), job, counts=True)
            case "delay":
                self.both.requeue(self.both.see(job), job, counts=False, delay_ms=DAY_MS)
            case "lose":
                self.both.run_out(job)
            case "wait":
                self.both.wait_too_long(job)
            case "fail":
                self.both.end(self.both.see(job), job)

    @rule(
        again=st.booleans(),
        number=NUMBER,
        owner=OWNER,
        kind=KIND,
        fingerprint=st.sampled_from(["one", "one", "two"]),
        subject=st.sampled_from([None, "alice"]),
        webhook=st.sampled_from([None, "https://hooks.example/"]),
        lost=LOST,
    )
    def submit(self, again: bool, number: int, lost: Lost | None, **given: Any) -> None:
        job_id = pick(number, [*self.model.jobs, *self.model.aliases]) if again else new_job_id()
        self._submit(lost, id=job_id, **given)

    def _submit(self, lost: Lost | None, **given: Any) -> None:
        sent = submission(**{"fingerprint": "one", **given})
        key = KEYS.subject(sent.owner, sent.kind, sent.subject) if sent.subject else ""
        expected = self.model.answer(sent, key)

        async def submit() -> None:
            acceptance, record = await self.store.submit(sent)
            assert acceptance is expected
            assert acceptance is Acceptance.ACCEPTED or record in [job.record for job in self.model.jobs.values()]

        taken = self.both.taken(submit(), allowed=isinstance(expected, Acceptance), lost=lost)
        if taken and expected is Acceptance.ACCEPTED:
            self.model.accept(sent, key)
        elif taken and expected is Acceptance.SUBJECT:
            self.model.aliases[sent.id] = sent.fingerprint, self.model.subjects[key]

    # Runs, those of now and those of before

    @where(lambda walk: walk.those(Status.QUEUED))
    @rule(
        number=NUMBER,
        first=st.integers(1, 4),
        most=st.builds(Most, st.integers(1, 4), st.integers(1, 6), st.integers(1, 3)),
        lost=LOST,
    )
    def deliver(self, number: int, first: int, most: Most, lost: Lost | None) -> None:
        kind = pick(number, self.those(Status.QUEUED)).kind
        entries = self.both.entries(kind)
        found = self.both.do(self.both.queues.ready(kind, "painter", entries, first=first, most=most))
        assert [stored.id for stored in found] == self.model.ready(kind, entries, first, most)
        for stored in found:
            job = self.model.jobs[stored.id]
            assert (stored.task, stored.spent, stored.owner) == (job.task, job.spent, job.owner)
        if found:
            self.both.claim(found, most, lost=lost)

    @where(lambda walk: walk.seen(Status.QUEUED))
    @rule(number=NUMBER, lost=LOST)
    def claim_what_was_seen(self, number: int, lost: Lost | None) -> None:
        seen = pick(number, self.seen(Status.QUEUED))
        if not (job := self.model.jobs[seen.id]).delayed:
            allowed = job.status is Status.QUEUED and not job.gone and job.claim == seen.claim
            self.both.claim([seen], allowed=allowed, lost=lost)

    def _run(self, number: int, now: bool) -> tuple[Begun, ModelJob, Job, bool]:
        """A run, of `now` if there is one, its job, that job as the run knows it, and whether it may write."""
        runs = [run for run in self.both.runs if self.model.holds(run.id, run.claim)] if now else []
        run = pick(number, runs or self.both.runs)
        job, holds = self.model.jobs[run.id], self.model.holds(run.id, run.claim)
        return run, job, decode(job.record) if holds else run.job, holds

    @where(lambda walk: walk.both.runs)
    @rule(number=NUMBER, now=NOW, progress=st.floats(0, 1), lost=LOST)
    def report(self, number: int, now: bool, progress: float, lost: Lost | None) -> None:
        run, job, known, holds = self._run(number, now)
        if self.both.taken(self.store.advance(further(known, progress), run.claim), allowed=holds, lost=lost):
            self.model.changed.add(job.id)

    @where(lambda walk: walk.both.runs)
    @rule(number=NUMBER, now=NOW, well=st.booleans(), lost=LOST)
    def finish(self, number: int, now: bool, well: bool, lost: Lost | None) -> None:
        run, job, known, holds = self._run(number, now)
        end, picture = (done(known), PICTURE) if well else (known.failed(ERROR, NOON, NOON), None)
        if self.both.taken(self.store.advance(end, run.claim, picture), allowed=holds, lost=lost):
            self.model.end(job, end.status, from_outside=False)

    @where(lambda walk: walk.both.runs)
    @rule(number=NUMBER, now=NOW, task=st.sampled_from([b"", b"submitting", b"their id"]), lost=LOST)
    def keep_task(self, number: int, now: bool, task: bytes, lost: Lost | None) -> None:
        run, _, _, holds = self._run(number, now)
        self.both.keep_task(run, task, allowed=holds, lost=lost)

    @where(lambda walk: walk.both.runs)
    @rule(number=NUMBER, now=NOW, lost=LOST)
    def renew(self, number: int, now: bool, lost: Lost | None) -> None:
        run, job, _, holds = self._run(number, now)
        renew = self.store.renew([(run.id, run.claim)], lease_ms=LEASE_MS)
        if self.both.taken(renew, allowed=holds, lost=lost):
            self.model.renew(job)

    # Whoever changes a job on the record that was read, which may be an old one

    @where(kept)
    @rule(number=NUMBER)
    def see(self, number: int) -> None:
        self.both.see(pick(number, self.kept()))

    def _stored(self, number: int, now: bool, *statuses: Status) -> tuple[Stored, ModelJob, bool]:
        """What was seen of a job, or is `now`, the job, and whether it still is so."""
        there, before = self.those(*statuses), self.seen(*statuses)
        seen = self.both.see(pick(number, there)) if there and (now or not before) else pick(number, before)
        job = self.model.jobs[seen.id]
        return seen, job, not job.gone and seen.record == job.record

    @where(lambda walk: walk.those(Status.PROCESSING) or walk.seen(Status.PROCESSING))
    @rule(number=NUMBER, now=NOW, counts=st.booleans(), delay_ms=st.sampled_from([0, DAY_MS]), lost=LOST)
    def requeue(self, number: int, now: bool, counts: bool, delay_ms: int, lost: Lost | None) -> None:
        seen, job, same = self._stored(number, now, Status.PROCESSING)
        self.both.requeue(seen, job, counts=counts, delay_ms=delay_ms, allowed=same, lost=lost)

    @where(lambda walk: walk.unfinished() or walk.seen(Status.QUEUED, Status.PROCESSING))
    @rule(number=NUMBER, now=NOW, lost=LOST)
    def end(self, number: int, now: bool, lost: Lost | None) -> None:
        seen, job, same = self._stored(number, now, Status.QUEUED, Status.PROCESSING)
        self.both.end(seen, job, allowed=same, lost=lost)

    @where(lambda walk: walk.those(Status.QUEUED) or walk.seen(Status.QUEUED))
    @rule(number=NUMBER, now=NOW, position=st.integers(1, 50), lost=LOST)
    def place(self, number: int, now: bool, position: int, lost: Lost | None) -> None:
        seen, job, same = self._stored(number, now, Status.QUEUED)
        placed = seen.job.placed(position, expected_at=None)
        if self.both.taken(self.store.place(seen, placed), allowed=same, lost=lost):
            self.model.changed.add(job.id)

    # What a person asks

    @where(unfinished)
    @rule(number=NUMBER, lost=LOST)
    def cancel(self, number: int, lost: Lost | None) -> None:
        job = pick(number, self.unfinished())
        if self.both.taken(self.store.cancel(job.id), allowed=True, lost=lost):
            self.model.end(job, Status.CANCELED, from_outside=True)

    @where(finished)
    @rule(number=NUMBER, lost=LOST)
    def retry(self, number: int, lost: Lost | None) -> None:
        job = pick(number, self.finished())
        allowed = job.status is not Status.SUCCEEDED and job.subject not in self.model.subjects
        if self.both.taken(self.store.retry(job.id), allowed=allowed, lost=lost):
            self.model.retry(job)

    @where(finished)
    @rule(number=NUMBER, lost=LOST)
    def remove(self, number: int, lost: Lost | None) -> None:
        job = pick(number, self.finished())
        if self.both.taken(self.store.remove(job.id), allowed=True, lost=lost):
            self.model.remove(job)

    @rule(number=NUMBER)
    def ask_for_what_cannot_be(self, number: int) -> None:
        job, steps = pick(number, self.all_jobs()), [self.store.cancel, self.store.retry, self.store.remove]
        if job.kept:
            steps = [self.store.cancel] if job.final else [self.store.retry, self.store.remove]
        for step in steps:
            self.both.taken(step(job.id), allowed=False)

    # Time, and what Redis or the way to it loses

    @where(leased)
    @rule(number=NUMBER)
    def a_lease_runs_out(self, number: int) -> None:
        self.both.run_out(pick(number, self.leased()))

    @where(delayed)
    @rule(number=NUMBER)
    def a_delay_is_over(self, number: int) -> None:
        job = pick(number, self.delayed())
        self.both.set_time(KEYS.delayed, job.entry)
        job.due = True

    @where(lambda walk: walk.those(Status.QUEUED))
    @rule(number=NUMBER)
    def a_job_has_waited_too_long(self, number: int) -> None:
        self.both.wait_too_long(pick(number, self.those(Status.QUEUED)))

    @where(finished)
    @rule(number=NUMBER)
    def a_job_expires(self, number: int) -> None:
        job = pick(number, self.finished())
        self.both.set_field(job, "kept_until", b"1")
        self.both.set_time(KEYS.expiring, job.id)
        job.expired = True

    @where(kept)
    @rule(number=NUMBER)
    def the_clock_is_put_back(self, number: int) -> None:
        job = pick(number, self.kept())
        job.record = job.record.replace(job.version, b"%016d" % (int(job.version) + 10**12))
        self.both.set_field(job, "record", job.record)

    @where(unfinished)
    @rule(number=NUMBER)
    def a_lease_or_an_entry_is_lost(self, number: int) -> None:
        job = pick(number, self.unfinished())
        self.both.lose((KEYS.leases, job.id), (KEYS.queue(job.kind), job.entry), (KEYS.delayed, job.entry))
        job.stray, job.overdue, job.delayed, job.due = True, False, False, False

    @rule()
    def the_connection_is_lost(self) -> None:
        self.both.lose_connection()

    @rule(silent=st.booleans(), at_once=st.integers(1, 3))
    def sweep(self, silent: bool, at_once: int) -> None:
        expected = self.model.sweep(silent=silent)
        for swept in self.both.sweep(silent=silent, at_once=at_once):
            groups = swept.overdue, swept.stray, swept.late
            assert tuple({found.id for found in group} for group in groups) == expected
            for found in (found for group in groups for found in group):
                self._tend(found, self.model.jobs[found.id])

    def _tend(self, found: Found, job: ModelJob) -> None:
        stored = self.both.look(job)
        if stored.record is None or stored.record[:16] != found.version:
            assert job.id in self.model.changed  # whoever swept at the same time came first
            return
        queued = job.status is Status.QUEUED
        if job.late if queued else job.attempt - job.spent >= DEATHS:
            self.both.end(stored, job)
        else:
            again = stored.job if queued else stored.job.requeued("lost")
            self.both.taken(self.store.requeue(stored, again), allowed=True)
            self.model.requeue(job)


def test_whatever_is_done_in_whatever_order_jobs_are_as_a_plain_model_has_them(own_redis_url: str) -> None:
    async def line() -> Line:
        return Line(SecretStr(own_redis_url), seconds=20)

    with asyncio.Runner() as loop:
        redis, over = connect(SecretStr(own_redis_url)), loop.run(line())

        class HereWalk(Walk):
            def __init__(self) -> None:
                super().__init__(loop, redis, over)

        try:
            run_state_machine_as_test(
                HereWalk,
                settings=settings(
                    max_examples=70,
                    stateful_step_count=40,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                ),
            )
        finally:
            loop.run(over.aclose())
            loop.run(redis.aclose())
