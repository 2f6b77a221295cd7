"""A server that keeps worlds, without a worker: the tests play the worker and the sweep themselves."""

import secrets
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from redis.asyncio import Redis

from tests.server.conftest import API_KEY, OPERATOR_KEY, OTHER_KEY, keyed, lines_of
from tests.server.support.keeper import Keeper, keeper_over
from tests.support.limner import Server
from tests.support.postgres import execute, url_of, wait_for


@pytest.fixture(scope="session")
def kept_url(postgres_url: str, migrated: str) -> Iterator[str]:
    """The URL of the database behind `keeping`."""
    name = f"kept_{secrets.token_hex(4)}"
    wait_for(execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {migrated}"))
    yield url_of(postgres_url, name)
    wait_for(execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def kept_prefix() -> str:
    return f"kept-{secrets.token_hex(4)}:"


@pytest.fixture(scope="session")
def keeping(
    redis_url: str, kept_url: str, kept_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that all tests share which do not disturb it. At the end, nothing went wrong on its side."""
    environment = {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": kept_prefix,
        "LIMNER_DATABASE_URL": kept_url,
        "LIMNER_OBJECTS_DIR": str(tmp_path_factory.mktemp("objects")),
        "LIMNER_LOG_FORMAT": "json",
        "LIMNER_API_KEYS": f"anna={API_KEY},bert={OTHER_KEY}",
        "LIMNER_OPERATOR_KEY": OPERATOR_KEY,
        "LIMNER_GENERATE_ON_OPENING": "both",
    }
    with Server(environment) as server:
        yield server
        assert lines_of(server, "error", "critical") == []


@pytest.fixture
async def keeper(redis: Redis, kept_prefix: str, kept_url: str) -> AsyncIterator[Keeper]:
    """Plays worker and sweep behind `keeping`."""
    async with keeper_over(redis, kept_prefix, kept_url) as keeper:
        yield keeper


@pytest.fixture
async def ann(keeping: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with keyed(keeping, API_KEY) as client:
        yield client


@pytest.fixture
async def bert(keeping: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with keyed(keeping, OTHER_KEY) as client:
        yield client
