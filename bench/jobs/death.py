"""From the SIGKILL of a worker to the first line of its jobs in another one."""

import asyncio
import time
from statistics import median
from typing import Any

from bench.figures import Row, alone
from bench.jobs.latency import hear
from bench.jobs.plan import Plan
from bench.jobs.sides import limner, submit_many
from bench.jobs.stage import Stage
from jobs.settings import WorkerSettings

WANTED_SECONDS = 15.0


def measure(stage: Stage, plan: Plan) -> list[Row]:
    taken = [asyncio.run(_round(stage, plan)) for _ in range(plan.rounds)]
    wanted = f"≤ {WANTED_SECONDS / plan.hasty:g} s"
    return [
        alone(f"SIGKILL → running elsewhere, {words} of {plan.held}", "s", [find(one) for one in taken], wanted)
        for words, find in (("median", median), ("the last", max))
    ]


async def _round(stage: Stage, plan: Plan) -> list[float]:
    """Seconds of each job."""
    hasty: dict[str, Any] = {
        f"LIMNER_{name.upper()}": str(WorkerSettings.model_fields[name].default / plan.hasty)
        for name in ("lease_seconds", "renew_seconds", "sweep_seconds")
    }
    async with limner(stage) as side, side.worker(plan.held, **hasty) as first:
        await submit_many(side, "hold", plan.held)
        await hear(first, plan.held)
        async with side.worker(plan.held, **hasty) as second:
            killed = time.monotonic_ns()
            await first.kill()
            return [(at - killed) / 1e9 for at in (await hear(second, plan.held)).values()]
