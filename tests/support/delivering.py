"""Delivering: a worker that reads its queue, as `arq_worker` puts it together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from jobs.delivery import Begin, Deliverer
from storage.keys import Keys
from storage.records.job import Status
from storage.stored import Stored
from storage.tasks import end
from tests.support.job_states import JobStates
from tests.support.listening import eventually
from tests.support.work import Working


def deliverer_of(
    client: Redis, keys: Keys, working: Working, at_once: int = 1, begin: Begin | None = None
) -> Deliverer:
    begin = begin or working.begin
    return Deliverer(client.connection_pool, keys, working.kind.name, begin, working.runner.run, at_once=at_once)


@asynccontextmanager
async def delivering(
    client: Redis,
    keys: Keys,
    working: Working,
    *,
    at_once: int = 1,
    poll_seconds: float = 0.05,
    begin: Begin | None = None,
) -> AsyncIterator[Deliverer]:
    deliverer = deliverer_of(client, keys, working, at_once, begin)
    deliverer.poll_delay_s = poll_seconds
    async with working.told(working.settings.redis_url, wake=deliverer.wake):
        serving = asyncio.create_task(deliverer.serve())
        try:
            yield deliverer
        finally:
            await end(serving)
            await deliverer.join(0)


async def until(jobs: JobStates, stored: Stored, status: Status) -> None:
    async def is_there() -> bool:
        return (await jobs.get(stored.id)).job.status is status

    await eventually(is_there)
