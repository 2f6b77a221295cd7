"""`python -m tests.support.long_watch URL SECONDS`: a job that is silent for long, watched in all four ways.

It plays the worker, in the Redis that LIMNER_REDIS_URL and LIMNER_REDIS_PREFIX name, and prints one JSON object: what
each transport saw.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack

from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.settings import StorageSettings, load
from tests.support.job_states import PICTURE, JobStates, done
from tests.support.ways_in import Transport, Watch, watching

POLL_SECONDS = 30
"""The longest wait that a server grants."""
SILENCE_SECONDS = 100
"""Longer than a proxy's patience: it is the proxy that cuts, if anybody does."""


async def look(url: str, seconds: float) -> dict[str, dict[str, object]]:
    settings = load(StorageSettings)
    async with connect(settings.redis_url) as redis, AsyncExitStack() as stack:
        store = JobStore(redis, Keys(settings.redis_prefix), settings)
        job = await JobStates(store).processing(lease_ms=3_600_000)
        watches = [
            await stack.enter_async_context(
                watching(transport, url, [job.id], wait=POLL_SECONDS, silence=SILENCE_SECONDS)
            )
            for transport in Transport
        ]
        for watch in watches:
            await watch.until_status(job.id, "processing")
        await asyncio.sleep(seconds)  # so long does the job take
        await store.advance(done(job.job), job.claim, PICTURE)
        for watch in watches:
            await watch.until_final([job.id])
        return {watch.transport: _summary(watch, job.id) for watch in watches}


def _summary(watch: Watch, job_id: str) -> dict[str, object]:
    return {
        "statuses": [sight.status for sight in watch.seen[job_id]],
        "broken": watch.broken_promises(),
        "lines": watch.lines,
        "told": watch.told,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(look(sys.argv[1], float(sys.argv[2])))))
