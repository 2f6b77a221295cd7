"""Runs a row of the fault table and holds what every client saw against what the store says."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from storage.records.ids import JobId
from storage.records.job import Job
from tests.support.faults.rows import STREAMS, Row
from tests.support.faults.stage import Scale, Stage, audience, stage
from tests.support.ways_in import FINAL, MISSING, Watch

NO_BACKSTOP = {"LIMNER_BACKSTOP_SECONDS": "3600"}


@dataclass
class Outcome:
    """What went wrong in a row, a sentence each, and what was measured, in seconds."""

    jobs: int
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """For good: who is told so does not come again."""
    cut: list[str] = field(default_factory=list)
    """Although it must not be."""
    finds: int = 0
    """Of the backstop, where it should have found nothing."""
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        found = [f"The backstop found {self.finds}"] if self.finds else []
        return [*self.lost, *self.twice, *self.older, *self.refused, *self.cut, *found]


async def run(row: Row, scale: Scale) -> Outcome:
    """A third of the jobs end before the fault, a third during it, the others after it."""
    scale = dataclasses.replace(
        scale,
        jobs=row.jobs or scale.jobs,
        preview_characters=row.preview_characters or scale.preview_characters,
        changes=row.changes or scale.changes,
    )
    async with stage(scale, NO_BACKSTOP if scale.isolated and not row.backstop else {}) as on:
        play = on.play
        outcome = Outcome(len(play.jobs), figures=on.figures)
        before, during, after = (play.jobs[start::3] for start in range(3))
        async with audience(on), play.changing(scale.changes):
            await play.end(before)
            lines = [watch.lines for watch in on.watches]
            async with row.strike(on):
                ending = asyncio.create_task(play.end(during))
                if not row.store_away:
                    await ending
            resync = asyncio.gather(*(_seconds_to_catch_up(watch, during, scale.deadline) for watch in on.watches))
            await ending
            for watch, seconds in zip(on.watches, await resync, strict=True):
                name = "resync" if watch.transport in STREAMS else "resync of polls"
                on.figures[name] = max(seconds, on.figures.get(name, 0))
            if row.loses_data:
                outcome.lost += await _all_lost(on, during)
                await play.begin(during + after)
                await play.end(during)
            await play.end(after)
            stored = await play.stored()
            for watch in on.watches:
                outcome.lost += await lost(watch, stored, scale.deadline)
            if not row.loses_data:
                outcome.finds = await on.counted("limner_backstop_finds_total")
            for watch, number in zip(on.watches, lines, strict=True):
                _judge(outcome, watch, cut=row.never_cut and watch.lines != number)
    return outcome


async def _seconds_to_catch_up(watch: Watch, job_ids: Iterable[JobId], deadline: float) -> float:
    """From now, or from when contact was made again, until the ends of these were seen, or that they are gone."""
    clock = asyncio.get_running_loop().time
    begun, lines = clock(), watch.lines
    waiting = {job_id for job_id in job_ids if job_id in watch.seen}

    def caught_up(watch: Watch) -> bool:
        nonlocal begun, lines
        if watch.lines != lines:
            begun, lines = clock(), watch.lines
        waiting.difference_update([job_id for job_id in waiting if watch.status(job_id) in FINAL | MISSING])
        return not waiting

    with contextlib.suppress(TimeoutError):  # `lost` tells more of it
        await watch.until(caught_up, deadline)
    return clock() - begun


async def _all_lost(on: Stage, job_ids: Iterable[JobId]) -> list[str]:
    """Of jobs that the store has forgotten: who does not know by the deadline."""
    gone: dict[JobId, Job | None] = dict.fromkeys(job_ids)
    stored = await on.play.stored()
    assert not any(stored[job_id] for job_id in gone), "the store has not lost what it should have lost"
    return [sentence for watch in on.watches for sentence in await lost(watch, gone, on.scale.deadline)]


async def lost(watch: Watch, stored: Mapping[JobId, Job | None], deadline: float) -> list[str]:
    """What a client has not come to know by the deadline."""
    waiting = {job_id: job for job_id, job in stored.items() if job_id in watch.seen}

    def known(watch: Watch) -> bool:
        for job_id in [job_id for job_id, job in waiting.items() if _is_known(watch, job_id, job)]:
            del waiting[job_id]
        return not waiting

    with contextlib.suppress(TimeoutError):
        await watch.until(known, deadline)
    return [
        f"{watch.transport} lost {job_id}, which is {f'{job.status} at {job.version}' if job else 'gone'}: "
        f"it saw {[(sight.status, sight.version) for sight in watch.seen[job_id]]} and was told {dict(watch.told)}"
        for job_id, job in waiting.items()
    ]


def _is_known(watch: Watch, job_id: JobId, job: Job | None) -> bool:
    last = watch.last(job_id)
    if last is None:
        return False
    if job is None:  # who has seen the end need not hear that it is no longer kept
        return last.status in FINAL | MISSING
    return (last.version, last.status) == (job.version, job.status)


def _judge(outcome: Outcome, watch: Watch, *, cut: bool) -> None:
    for promise in watch.broken_promises():
        (outcome.twice if "twice" in promise else outcome.older).append(promise)
    for word in watch.told:
        if word.isdigit() and 4500 <= int(word) < 5000:
            outcome.refused.append(f"{watch.transport} was closed with {word}")
    if cut:
        outcome.cut.append(f"{watch.transport} was cut off: it was told {dict(watch.told)}")
