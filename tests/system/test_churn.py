"""Clients come and go, and nothing of them stays: no memory, no file, no subscription, no channel."""

from collections.abc import Iterator

import pytest
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from tests.support.churn import ENVIRONMENT, Churn, running_jobs
from tests.support.limner import Server

pytestmark = pytest.mark.system

WARM_UP, CONNECTS, EVENTS = 2_000, 3_000, 30_000
ALLOWED_KIB = 9 * 1024
"""What the allocator may do: 3 KiB for each who came, far less than one connection takes."""
ALLOWED_FILES = 4
"""Connections to Redis, which are kept."""


@pytest.fixture
def calm(environment: dict[str, str]) -> Iterator[Server]:
    with Server({**environment, **ENVIRONMENT}) as server:
        yield server


async def test_nothing_stays_of_those_who_came_and_went(
    calm: Server, redis: Redis, keys: Keys, store: JobStore
) -> None:
    churn = Churn(calm, redis, keys, await running_jobs(store))
    await churn.run(WARM_UP, WARM_UP)
    before = await churn.kept(once_deserted=False)
    await churn.run(CONNECTS, EVENTS)
    after = await churn.kept(once_deserted=True)
    assert after.files <= before.files + ALLOWED_FILES
    assert after.kib <= before.kib + ALLOWED_KIB
