"""A worker of Limner, of kinds that do nothing but what is measured: `python -m bench.jobs.worker AT_ONCE`.

Its settings are a worker's, from the environment; it runs so many jobs of each kind at once.
"""

import asyncio
import functools
import json
import sys
import time

from arq_worker import main
from jobs.kinds import Tools
from jobs.registry import Finished, Function, Kind, Registry, registry
from jobs.run import Run
from jobs.settings import WorkerSettings
from storage.records.job import milliseconds
from storage.stored import UNBOUNDED

PROVIDER = "bench"
STEPS = 10
REPORT_SECONDS = 0.3
SECONDS = 600.0
DONE = Finished({})


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


async def stamp(run: Run) -> Finished:
    """Says when it began."""
    at = time.monotonic_ns()
    say(job=run.id, at=at)
    return DONE


class Noop:
    """Nothing, and the first one says when it began."""

    def __init__(self) -> None:
        self._begun = False

    async def __call__(self, run: Run) -> Finished:
        if not self._begun:
            self._begun = True
            say(at=time.monotonic_ns())
        return DONE


async def nap(run: Run) -> Finished:
    """Takes the seconds that its input names."""
    await asyncio.sleep(float(run.input))
    return DONE


async def hold(run: Run) -> Finished:
    """Says when it began, and reports for as long as it may run."""
    say(job=run.id, at=time.monotonic_ns())
    reports = int(SECONDS / REPORT_SECONDS)
    for number in range(reports):
        await run.report(number / reports, "holding on")
        await asyncio.sleep(REPORT_SECONDS)
    return DONE


async def draw(run: Run) -> Finished:
    """Takes the seconds that its input names, step by step, and says how long it was expected to take (s)."""
    most, told = run.left, [_expected(run)]
    for step in range(1, STEPS + 1):
        await asyncio.sleep(float(run.input) / STEPS)
        await run.report(step / STEPS, "drawing")
        told.append(_expected(run))
    say(job=run.id, took=run.elapsed, first=told[0], half=told[STEPS // 2], most=most)
    return DONE


def _expected(run: Run) -> float | None:
    """Of the whole run, as those who watch it are told."""
    if run.job.expected_at is None or run.job.started_at is None:
        return None
    return (milliseconds(run.job.expected_at) - milliseconds(run.job.started_at)) / 1000


def kinds(at_once: int, settings: WorkerSettings, _: Tools) -> Registry:
    say(up=True)
    functions: dict[str, Function] = {"stamp": stamp, "noop": Noop(), "nap": nap, "hold": hold, "draw": draw}
    most = settings.most(PROVIDER, UNBOUNDED)
    return registry(*(Kind(name, each, PROVIDER, at_once, SECONDS, most) for name, each in functions.items()))


if __name__ == "__main__":
    raise SystemExit(main(functools.partial(kinds, int(sys.argv[1]))))
