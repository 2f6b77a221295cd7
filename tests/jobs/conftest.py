from collections.abc import AsyncIterator, Iterator
from contextlib import closing
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
from storage.kept import Kept
from storage.keys import Keys
from storage.objects.local_directory import LocalObjects
from storage.portraits import PortraitStore
from tests.support.gallery import Gallery
from tests.support.job_states import JobStates
from tests.support.keeping import Keeping
from tests.support.listening import Listener
from tests.support.logged import Logs
from tests.support.studio import Studio
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
    yield Keeping(database_url, Kept.over(database), store, pictures, objects, tmp_path / "objects", jobs)
    objects.close()


@pytest.fixture
def gallery(bench: Bench, keeping: Keeping) -> Gallery:
    return Gallery(bench, keeping)


@pytest.fixture
async def studio(
    bench: Bench, jobs: JobStates, store: JobStore, redis: Redis, keys: Keys, tmp_path: Path
) -> AsyncIterator[Studio]:
    directory = tmp_path / "objects"
    with closing(LocalObjects(directory, "https://limner.example/objects")) as objects:
        await objects.prepare()
        yield Studio(bench, jobs, store, PortraitStore(redis, keys), objects, directory)
