from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from jobs.settings import WorkerSettings
from storage.commands import PooledCommands
from storage.database import Database
from storage.durations import Durations
from storage.jobs import JobStore
from storage.keys import Keys
from storage.objects.local_directory import LocalObjects
from storage.portraits import PortraitStore
from tests.support.job_states import JobStates
from tests.support.keeping import Keeping, kept_over
from tests.support.listening import Listener
from tests.support.logged import Logs
from tests.support.work import Bench


@pytest.fixture
def jobs(store: JobStore) -> JobStates:
    return JobStates(store)


@pytest.fixture
def settings(redis_url: str, prefix: str) -> WorkerSettings:
    """A worker's, with leases that are renewed only where a test says so."""
    return WorkerSettings(redis_url=SecretStr(redis_url), redis_prefix=prefix, lease_seconds=7_200, renew_seconds=3_600)


@pytest.fixture
def durations(redis: Redis, keys: Keys) -> Durations:
    return Durations(PooledCommands(redis), keys)


@pytest.fixture
def bench(store: JobStore, durations: Durations, settings: WorkerSettings) -> Bench:
    return Bench(store, durations, settings)


@pytest.fixture
async def listener(redis_url: str) -> AsyncIterator[Listener]:
    async with Listener(redis_url) as listener:
        assert await listener.until_told() == "up"
        yield listener


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as logs:
        yield logs


@pytest.fixture
async def keeping(
    database: Database,
    database_url: str,
    store: JobStore,
    redis: Redis,
    keys: Keys,
    tmp_path: Path,
    jobs: JobStates,
) -> AsyncIterator[Keeping]:
    objects = LocalObjects(tmp_path / "objects", "/objects", seconds=5)
    await objects.prepare()
    pictures = PortraitStore(redis, keys)
    yield Keeping(database_url, kept_over(database), store, pictures, objects, tmp_path / "objects", jobs)
    objects.close()
