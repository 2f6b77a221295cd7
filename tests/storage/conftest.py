from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.database import Database, open_database
from storage.embedded import running
from storage.jobs import JobStore
from storage.kept import Kept
from storage.keys import Keys
from storage.queues import Queues
from tests.support.job_states import JobStates
from tests.support.kept_states import KeptStates
from tests.support.listening import Listener
from tests.support.postgres import execute, url_of, wait_for


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


@pytest.fixture(scope="session")
def shared_database_url(postgres_url: str, migrated: str) -> str:
    """One database for all tests that want it empty and alone: making another for each would take longer than they."""
    wait_for(execute(postgres_url, f"CREATE DATABASE shared TEMPLATE {migrated}"))
    return url_of(postgres_url, "shared")


@pytest.fixture
async def database(shared_database_url: str) -> AsyncIterator[Database]:
    async with open_database(SecretStr(shared_database_url)) as database:
        for table in ("worlds", "removals"):
            await database.execute(f"delete from {table}")
        yield database


@pytest.fixture
def kept(database: Database) -> Kept:
    return Kept.over(database)


@pytest.fixture
def states(kept: Kept) -> KeptStates:
    return KeptStates(kept)
