"""How far `expected_at` is off, over jobs whose durations are drawn by chance (lognormal)."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.figures import Row, alone
from bench.jobs.plan import Plan
from bench.jobs.sides import Side, limner
from bench.jobs.stage import Line, Process, Stage
from bench.processes import NotMeasured
from jobs.claims import KNOWN_SECONDS

SIGMA = 0.3
"""Two thirds of all take between 0.74 and 1.35 times as long as the median."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Seconds that a job took, and that it was expected to: when it began, after half of its work, and at most."""

    took: float
    first: float
    half: float
    most: float


def measure(stage: Stage, plan: Plan) -> list[Row]:
    taken = [asyncio.run(_round(stage, plan, seed)) for seed in range(plan.rounds)]
    words = f"{plan.drawn} jobs after {plan.known}"

    def off(expected: Callable[[Drawn], float]) -> list[float]:
        return [100 * median(abs(expected(one) - one.took) / one.took for one in drawn) for drawn in taken]

    def within(drawn: Sequence[Drawn]) -> float:
        return 100 * sum(one.took <= one.most for one in drawn) / len(drawn)

    return [
        alone(f"expected_at at the beginning, median error, {words}", "%", off(lambda one: one.first), "≤ 25 %"),
        alone(f"expected_at at half of it, median error, {words}", "%", off(lambda one: one.half), "≤ 25 %"),
        alone(f"took no longer than p90, {words}", "%", [within(drawn) for drawn in taken], "85 … 95 %"),
    ]


async def _round(stage: Stage, plan: Plan, seed: int) -> list[Drawn]:
    chance = random.Random(seed)
    async with limner(stage) as side, side.worker(plan.drawn_slots) as worker:
        await until_known(side, worker, plan, chance)
        for _ in range(plan.drawn):
            await side.submit("draw", seconds_of(plan, chance))
        return [_drawn(line) for line in await _lines(worker, plan.drawn)]


def seconds_of(plan: Plan, chance: random.Random) -> float:
    """What a job takes."""
    return plan.drawn_seconds * chance.lognormvariate(0, SIGMA)


async def until_known(side: Side, worker: Process, plan: Plan, chance: random.Random) -> None:
    """Returns when so many have ended, and the worker asks anew how long they took."""
    for _ in range(plan.known):
        await side.submit("draw", seconds_of(plan, chance))
    await _lines(worker, plan.known)
    await asyncio.sleep(KNOWN_SECONDS)


async def _lines(worker: Process, count: int) -> list[Line]:
    return [await worker.line() for _ in range(count)]


def _drawn(line: Line) -> Drawn:
    drawn = Drawn(line["took"], line["first"], line["half"], line["most"])
    if None in (drawn.first, drawn.half, drawn.most):
        raise NotMeasured("Of a job nobody knew how long it would take.")
    return drawn
