"""A worker of arq and nothing else: `python -m bench.jobs.bare REDIS_URL OPTIONS`, with arq's own options as JSON."""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from arq.connections import RedisSettings
from arq.worker import Worker

Context = dict[Any, Any]


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


async def stamp(_: Context, job: str) -> None:
    at = time.monotonic_ns()
    say(job=job, at=at)


async def noop(context: Context) -> None:
    if "begun" not in context:
        context["begun"] = True
        say(at=time.monotonic_ns())


async def nap(_: Context, seconds: float) -> None:
    await asyncio.sleep(seconds)


async def work(redis_url: str, options: dict[str, Any]) -> None:
    worker = Worker(
        functions=[stamp, noop, nap],  # type: ignore[list-item]
        redis_settings=RedisSettings.from_dsn(redis_url),
        handle_signals=False,
        **options,
    )
    say(up=True)
    await worker.async_run()


if __name__ == "__main__":
    uvloop.run(work(sys.argv[1], json.loads(sys.argv[2])))
