"""From a POST to its 202, at a rate, while jobs run and report."""

import asyncio
import functools
import json
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from queue import SimpleQueue

from bench.figures import Row, percentile, row
from bench.jobs.latency import hear
from bench.jobs.plan import Plan
from bench.jobs.rates import moments, until
from bench.jobs.sides import limner, settings, submit_many
from bench.jobs.stage import Stage, process
from bench.jobs.turns import in_turns
from bench.processes import READY_SECONDS, UNLIMITED, NotMeasured, answers, free_port
from bench.submission import Caller
from storage.records.ids import new_job_id

CONNECTIONS = 8
POST, HEALTH = "POST", "GET /health"


class Poster(Caller):
    def portrait(self) -> None:
        body = {"id": new_job_id(), "description": "a keeper of bees, who has not slept since the flood"}
        self._call("POST", "/portraits", 202, json.dumps(body).encode())


def measure(stage: Stage, plan: Plan) -> list[Row]:
    taken = in_turns(
        plan.rounds,
        {
            POST: functools.partial(_round, stage, plan, Poster.portrait),
            HEALTH: functools.partial(_round, stage, plan, Poster.health),
        },
    )
    words = f"{plan.request_rate:.0f}/s, {plan.watched} jobs run"
    return [
        row(
            f"POST /portraits → 202, p{share}, {words}",
            "ms",
            [percentile(samples, share / 100) for samples in taken[POST]],
            HEALTH,
            [percentile(samples, share / 100) for samples in taken[HEALTH]],
            wanted,
        )
        for share, wanted in ((50, ""), (99, "≤ 10 ms"))
    ]


async def _round(stage: Stage, plan: Plan, call: Callable[[Poster], None]) -> list[float]:
    async with (
        limner(stage) as side,
        side.worker(plan.watched, core=stage.cores.load) as worker,
        _server(stage) as url,
    ):
        await submit_many(side, "hold", plan.watched)
        await hear(worker, plan.watched)
        return await asyncio.to_thread(_requests, url, plan, call)


def _requests(url: str, plan: Plan, call: Callable[[Poster], None]) -> list[float]:
    """Milliseconds of each, from the moment when it was due: one that waits for a free connection pays for that."""
    free: SimpleQueue[Poster] = SimpleQueue()
    posters = [Poster(url) for _ in range(CONNECTIONS)]

    def request(due: int) -> float:
        poster = free.get()
        try:
            call(poster)
        finally:
            free.put(poster)
        return (time.monotonic_ns() - due) / 1e6

    try:
        for poster in posters:
            call(poster)
            free.put(poster)
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            begun = []
            for moment in moments(plan.request_rate, plan.seconds):
                time.sleep(until(moment))
                begun.append(threads.submit(request, moment))
            return [one.result() for one in begun]
    finally:
        for poster in posters:
            poster.close()


@asynccontextmanager
async def _server(stage: Stage) -> AsyncIterator[str]:
    """A server that is ready, on the core of its own. Answers its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    given = {**settings(stage), **UNLIMITED}
    async with process("server", "serve", "--port", str(port), core=stage.cores.server, settings=given):
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await asyncio.to_thread(answers, f"{url}/ready"):  # noqa: ASYNC110 - nothing says when
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise NotMeasured("The server did not become ready.") from None
        yield url
