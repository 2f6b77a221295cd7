"""Fixtures: a real Valkey for the whole session, and for each test a prefix of its own in it."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.settings import StorageSettings


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Where the session's Valkey is."""
    with running() as valkey:
        yield valkey.url


@pytest.fixture
def prefix() -> str:
    return f"test-{secrets.token_hex(4)}:"


@pytest.fixture
def keys(prefix: str) -> Keys:
    return Keys(prefix)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(SecretStr(redis_url)) as client:
        yield client


@pytest.fixture
def storage_settings(redis_url: str, prefix: str) -> StorageSettings:
    return StorageSettings(redis_url=SecretStr(redis_url), redis_prefix=prefix)


@pytest.fixture
def store(redis: Redis, keys: Keys, storage_settings: StorageSettings) -> JobStore:
    return JobStore(redis, keys, storage_settings)
