"""How many jobs that do nothing a worker gets through on one core, and how long many naps take on few slots."""

import functools
import time
from dataclasses import dataclass
from typing import Any

from bench.figures import Row, row
from bench.hub.machine import cpu
from bench.jobs.latency import warm
from bench.jobs.plan import Plan
from bench.jobs.sides import BARE, LIMNER, OPEN, submit_many, until_done
from bench.jobs.stage import Stage
from bench.jobs.turns import in_turns

BEST_OF_BARE: dict[str, Any] = {"poll_delay": 0.01, "keep_result": 0, "log_results": False}
"""With which arq gets through most: it is never at rest, and keeps nothing."""
MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Pace:
    per_second: float
    cpu: float
    """Microseconds of the worker for each job."""


def count(stage: Stage, plan: Plan) -> list[Row]:
    taken = in_turns(plan.rounds, {name: functools.partial(_pace, stage, plan, name) for name in OPEN})
    return [
        row(
            f"no-op jobs on one core{words}",
            unit,
            [getattr(one, name) for one in taken[LIMNER]],
            f"{BARE} at its best",
            [getattr(one, name) for one in taken[BARE]],
            wanted,
        )
        for words, unit, name, wanted in (
            ("", "/s", "per_second", "≥ 1,500 /s"),
            (", CPU of each", "µs", "cpu", ""),
        )
    ]


async def _pace(stage: Stage, plan: Plan, name: str) -> Pace:
    async with OPEN[name](stage) as side:
        await submit_many(side, "noop", plan.noops)
        async with side.worker(plan.noops_at_once, **(BEST_OF_BARE if name == BARE else {})) as worker:
            begun = (await worker.line())["at"]
            before = cpu(worker.pid)
            await until_done(side, MOST_SECONDS)
            seconds = (time.monotonic_ns() - begun) / 1e9
            return Pace(plan.noops / seconds, (cpu(worker.pid) - before).total / plan.noops * 1e6)


def makespan(stage: Stage, plan: Plan) -> list[Row]:
    taken = in_turns(plan.rounds, {name: functools.partial(_naps, stage, plan, name) for name in OPEN})
    ideal = plan.naps / plan.nap_slots * plan.nap_seconds
    words = f"{plan.naps} jobs of {plan.nap_seconds:g} s on {plan.nap_slots} slots"
    return [
        row(words, "s", taken[LIMNER], "ideal", [ideal] * plan.rounds, "≤ 1.1 ×"),
        row(words, "s", taken[LIMNER], BARE, taken[BARE]),
    ]


async def _naps(stage: Stage, plan: Plan, name: str) -> float:
    async with OPEN[name](stage) as side, side.worker(plan.nap_slots) as worker:
        await warm(side, worker)
        await until_done(side, MOST_SECONDS)
        begun = time.monotonic()
        await submit_many(side, "nap", plan.naps, plan.nap_seconds)
        await until_done(side, MOST_SECONDS)
        return time.monotonic() - begun
