"""Runs a row of the job fault table, and holds what became of its jobs against what was promised."""

import base64
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.logs import Event
from storage.records.ids import JobId
from storage.records.job import ErrorCode, Job, Status
from tests.support.faults.trial import lost
from tests.support.job_faults.installation import Installation, logged
from tests.support.job_faults.play import Play
from tests.support.job_faults.rows import Row
from tests.support.limner import Process
from tests.support.ways_in import FINAL, Watch

BEGUN = (Event.CLAIMED.value, Event.RESUMED.value)


@dataclass
class Outcome:
    """What went wrong in a row, a sentence each, and what was counted."""

    jobs: int
    unfinished: list[str] = field(default_factory=list)
    """Without the end that it should have, or without the picture."""
    again: list[str] = field(default_factory=list)
    """Run again though its worker was well, or held against it though it should not be."""
    unseen: list[str] = field(default_factory=list)
    """An end that a client did not see, or not as an end."""
    paid: list[str] = field(default_factory=list)
    """Submitted to the provider more than once."""
    crashed: list[str] = field(default_factory=list)
    """What a process has logged as a fault of ours, or that it has ended."""
    harmed: int = 0
    """Jobs whose worker was killed, stopped or frozen."""
    rerun: int = 0
    """Jobs that were run more than once."""
    unknown: int = 0
    """Jobs whose worker fell between its resolve to submit and the answer, and nobody knows whether it was paid."""
    made_twice: int = 0
    """Jobs whose picture was painted to its end and fetched more than once."""
    seconds: float = 0.0
    """From the fault's beginning to the end of the last job."""

    @property
    def faults(self) -> list[str]:
        return [*self.unfinished, *self.again, *self.unseen, *self.paid, *self.crashed]


async def run(row: Row, on: Installation) -> Outcome:
    """Afterwards the installation stands again, and is empty."""
    play = Play.of(on)
    starts = {process: len(process.log()) for process in on.processes}
    asked = len(on.provider.seen)
    try:
        async with play.audience():
            await play.submit()
            if not row.at_once:
                await play.until_under_way()
            struck = time.monotonic()
            await row.strike(play)
            await play.until_ended()
            seconds = time.monotonic() - struck
            stored = {stored.id: stored.job for stored in await on.store.get_many(play.ids) if stored is not None}
            outcome = Outcome(len(play.jobs), harmed=len(play.harmed), seconds=seconds)
            for watch in play.watches:
                outcome.unseen += await lost(watch, stored, on.scale.deadline)
                outcome.unseen += _after_its_end(watch)
                if not row.forgets:
                    outcome.unseen += watch.broken_promises()
        await _judge_ends(outcome, play, stored)
        _judge_runs(outcome, play, row, stored, _runs(on, starts))
        _judge_payments(outcome, play, row, [request.path for request in on.provider.seen[asked:]])
        for process, start in starts.items():
            outcome.crashed += [str(line) for line in logged(process, start) if line.get("event") == Event.CRASHED]
            if not process.running:
                outcome.crashed.append(f"A process has ended: {process.log()[-2_000:]}")
        return outcome
    finally:
        await on.clear()


async def _judge_ends(outcome: Outcome, play: Play, stored: Mapping[JobId, Job]) -> None:
    pictures = await play.on.pictures(play.ids)
    for (seed, job_id), picture in zip(play.jobs.items(), pictures, strict=True):
        job = stored[job_id]
        wanted = Status.FAILED if play.on.provider.fates[seed].error else Status.SUCCEEDED
        if job_id in play.harmed and job.error is not None and job.error.code is ErrorCode.SUBMIT_UNKNOWN:
            outcome.unknown += 1
        elif job.status is not wanted:
            outcome.unfinished.append(f"{job_id} is {job.status} and not {wanted}: {job.error}")
        elif job.status is Status.SUCCEEDED:
            size = len(base64.b64decode(picture or b""))
            if not size or job.result is None or job.result["bytes"] != size:
                outcome.unfinished.append(f"{job_id} has {size} bytes of picture, and not {job.result}")


def _judge_runs(
    outcome: Outcome, play: Play, row: Row, stored: Mapping[JobId, Job], runs: Mapping[str, list[str]]
) -> None:
    for job_id, job in stored.items():
        begun = runs.get(job_id[:8], [])
        outcome.rerun += len(begun) > 1
        harmed = job_id in play.harmed
        if job.attempt > (2 if harmed and row.counts else 1):
            outcome.again.append(f"{job_id} is at attempt {job.attempt}, begun {begun}")
        elif not harmed and not row.forgets and len(begun) != 1:
            outcome.again.append(f"{job_id} was begun {len(begun)} times: {begun}")


def _runs(on: Installation, starts: Mapping[Process, int]) -> Mapping[str, list[str]]:
    """The runs of each job, by the first characters of its id, by which it is named in logs."""
    runs: dict[str, list[str]] = {}
    for number, worker in enumerate(on.workers):
        for line in logged(worker, starts[worker]):
            if line.get("event") in BEGUN:
                runs.setdefault(line["job"], []).append(f"by worker {number} at {line['timestamp']}")
    return runs


def _judge_payments(outcome: Outcome, play: Play, row: Row, asked: list[str]) -> None:
    provider = play.on.provider
    fetched = Counter(path for path in asked if path.startswith("/out/"))
    outcome.made_twice = sum(times > 1 for times in fetched.values())
    for seed, job_id in play.jobs.items():
        submitted = provider.submissions[seed]
        if submitted > 1 and not row.forgets:
            outcome.paid.append(f"{job_id} was submitted {submitted} times")


def _after_its_end(watch: Watch) -> list[str]:
    """What changed again after it had ended, which only a person may do."""
    changed = []
    for job_id, sights in watch.seen.items():
        ends = {sight.version for sight in sights if sight.status in FINAL}
        first = next((place for place, sight in enumerate(sights) if sight.status in FINAL), len(sights))
        if len(ends) > 1 or any(sight.status not in FINAL for sight in sights[first:]):
            changed.append(f"{watch.transport} saw {job_id} change after its end: {sights[first:]}")
    return changed
