from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.queues import Queues
from tests.support.job_states import JobStates
from tests.support.listening import Listener


@pytest.fixture
def jobs(store: JobStore) -> JobStates:
    return JobStates(store)


@pytest.fixture
async def listener(redis_url: str) -> AsyncIterator[Listener]:
    """A connection for events that stands."""
    async with Listener(redis_url) as listener:
        assert await listener.until_told() == "up"
        yield listener


@pytest.fixture
def own_redis_url() -> Iterator[str]:
    """Where a Valkey is that the test has for itself."""
    with running() as valkey:
        yield valkey.url


@pytest.fixture
async def own_redis(own_redis_url: str) -> AsyncIterator[Redis]:
    async with connect(SecretStr(own_redis_url)) as client:
        yield client


@pytest.fixture
def queues(store: JobStore, keys: Keys) -> Queues:
    return Queues(store.commands, keys)
