"""Fixtures: a real Postgres for the whole session, and for each test a database of its own in it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from pydantic import SecretStr

from storage.database import Database, open_database
from storage.embedded_postgres import running
from storage.migrating import migrate

T = TypeVar("T")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Where the session's Postgres is: the URL of a database that nothing is in."""
    with running() as postgres:
        yield postgres.url


@pytest.fixture(scope="session")
def migrated(postgres_url: str) -> str:
    """The name of a database that has the schema, to copy from. Nobody may be connected to it."""
    name = "migrated"
    wait_for(execute(postgres_url, f"CREATE DATABASE {name}"))
    wait_for(migrate(SecretStr(url_of(postgres_url, name))))
    return name


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """The URL of a database that the test has for itself, without the schema."""
    with _database(postgres_url, "template1") as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, migrated: str) -> Iterator[str]:
    """The URL of a database that the test has for itself, with the schema and no rows."""
    with _database(postgres_url, migrated) as url:
        yield url


@contextmanager
def _database(postgres_url: str, template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(8)}"
    wait_for(execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield url_of(postgres_url, name)
    finally:
        wait_for(execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(SecretStr(database_url)) as database:
        yield database


def url_of(url: str, name: str) -> str:
    """The URL of the database `name` in the Postgres of `url`."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def execute(url: str, sql: str) -> str:
    """Run `sql` over a connection of its own. Answers what Postgres says it did."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.execute(sql)
    finally:
        await connection.close()


async def value(url: str, sql: str) -> Any:
    """The first value that `sql` finds, over a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def wait_for(coroutine: Coroutine[Any, Any, T]) -> T:
    """What `coroutine` answers, for who is not asynchronous, whatever loop there is in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
