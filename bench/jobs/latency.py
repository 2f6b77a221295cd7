"""From submitting a job to the first line of its function."""

import asyncio
import functools
import time
from collections.abc import Mapping
from typing import Any

from bench.figures import Row, percentile, row
from bench.jobs.plan import Plan
from bench.jobs.rates import moments, until
from bench.jobs.sides import BARE, LIMNER, OPEN, Side
from bench.jobs.stage import Process, Stage
from bench.jobs.turns import in_turns
from bench.processes import NotMeasured

AT_ONCE = 10
"""As arq comes."""


def measure(stage: Stage, plan: Plan) -> list[Row]:
    rows = []
    for elsewhere in (0, plan.elsewhere):
        # As it comes arq looks at the first hundred entries of its queue, and would never get beyond those elsewhere.
        beside = {"queue_read_limit": 2 * elsewhere} if elsewhere else {}
        options: Mapping[str, dict[str, Any]] = {LIMNER: {}, BARE: beside}
        taken = in_turns(
            plan.rounds,
            {name: functools.partial(_first_lines, stage, plan, name, elsewhere, options[name]) for name in OPEN},
        )
        words = f"{plan.job_rate:.0f}/s" + (f", {elsewhere:,} running elsewhere" if elsewhere else "")
        rows += [
            row(
                f"enqueue → first line, p{share}, {words}",
                "ms",
                [percentile(samples, share / 100) for samples in taken[LIMNER]],
                BARE,
                [percentile(samples, share / 100) for samples in taken[BARE]],
                wanted,
            )
            for share, wanted in ((50, "≤ 3 ms"), (99, "≤ 15 ms"))
        ]
    return rows


async def _first_lines(stage: Stage, plan: Plan, name: str, elsewhere: int, options: dict[str, Any]) -> list[float]:
    """Milliseconds of each job."""
    async with (
        OPEN[name](stage) as side,
        side.elsewhere(elsewhere),
        side.worker(AT_ONCE, **options) as worker,
    ):
        await warm(side, worker)
        called: dict[str, int] = {}
        due = moments(plan.job_rate, plan.seconds)
        hearing = asyncio.create_task(hear(worker, len(due)))
        for moment in due:
            await asyncio.sleep(until(moment))
            begun = time.monotonic_ns()
            called[await side.submit("stamp")] = begun
        heard = await hearing
    return [(at - called[job]) / 1e6 for job, at in heard.items()]


async def warm(side: Side, worker: Process) -> None:
    """Returns when the worker, which must be the only one, has run a job."""
    job = await side.submit("stamp")
    if (await worker.line())["job"] != job:
        raise NotMeasured("Another job was begun than the only one there was.")


async def hear(worker: Process, count: int) -> dict[str, int]:
    """When each of so many jobs began (ns, monotonic), by their ids."""
    heard: dict[str, int] = {}
    while len(heard) < count:
        line = await worker.line()
        heard[line["job"]] = line["at"]
    return heard
