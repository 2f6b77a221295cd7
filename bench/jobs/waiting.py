"""How far `expected_at` is off of jobs that wait in a queue, with all that are before them."""

import asyncio
import random
from statistics import median

from bench.figures import Row, alone
from bench.jobs.expectations import seconds_of, until_known
from bench.jobs.plan import Plan
from bench.jobs.sides import limner
from bench.jobs.stage import Stage
from bench.processes import NotMeasured
from storage.jobs import JobStore
from storage.records.ids import JobId
from storage.records.job import Status, milliseconds

LOOK_SECONDS = 0.05


def measure(stage: Stage, plan: Plan) -> list[Row]:
    taken = [asyncio.run(_round(stage, plan, seed)) for seed in range(plan.rounds)]
    words = f"{plan.queued} jobs on {plan.queue_slots} slots"
    return [alone(f"expected_at as first told in the queue, median error, {words}", "%", taken, "≤ 25 %")]


async def _round(stage: Stage, plan: Plan, seed: int) -> float:
    chance = random.Random(seed)
    async with limner(stage) as side, side.worker(plan.queue_slots) as worker:
        await until_known(side, worker, plan, chance)
        ids = [JobId(await side.submit("draw", seconds_of(plan, chance))) for _ in range(plan.queued)]
        off = await _off(side.store, ids)
    if not off:
        raise NotMeasured("No job was told while it waited when it would be finished.")
    return 100 * median(off)


async def _off(store: JobStore, ids: list[JobId]) -> list[float]:
    """How far what each was told first was off, as a share of the time that it still took then."""
    told: dict[JobId, tuple[int, int]] = {}
    off: dict[JobId, float] = {}
    waiting = set(ids)
    while waiting:
        now = await store.now()
        for stored in await store.get_many(list(waiting)):
            if stored is None:
                raise NotMeasured("A job is gone.")
            job = stored.job
            if job.status is Status.QUEUED and job.expected_at is not None:
                told.setdefault(stored.id, (now, milliseconds(job.expected_at)))
            if job.finished_at is not None:
                waiting.discard(stored.id)
                if stored.id in told:
                    then, expected = told[stored.id]
                    ended = milliseconds(job.finished_at)
                    off[stored.id] = abs(expected - ended) / max(1, ended - then)
        await asyncio.sleep(LOOK_SECONDS)
    return list(off.values())
