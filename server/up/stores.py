"""Redis and Postgres under `up`: the operator's own, looked at, or private ones as parts."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from server.up.data_dir import DataDir
from server.up.errors import CannotStart
from server.up.part import Part
from storage import embedded, embedded_postgres
from storage.connect import connect, inspect
from storage.errors import DatabaseUnavailable, EmbeddedUnavailable, StartRefused, StoreUnavailable
from storage.migrating import migrate

# An embedded Valkey forks for nothing but to shorten its append-only file, and copes when that fails.
_VALKEY_NOISE = ("Memory overcommit", "oO0OoO0OoO0Oo")
# What Postgres says of a life in which nothing happened, and to those who come before it is ready.
_POSTGRES_NOISE = (
    "starting PostgreSQL",
    "listening on Unix socket",
    "listening on IPv4 address",
    "database system was shut down at",
    "database system is ready to accept connections",
    "received fast shutdown request",
    "aborting any active transactions",
    "shutting down",
    "database system is shut down",
    "database system is starting up",
    "database system is not yet accepting connections",
    "database system is in recovery mode",
)

Store = tuple[list[Part], str]
"""The parts that serve it, and its URL."""

T = TypeVar("T")


def redis(data_dir: DataDir, url: str | None) -> Store:
    """The Redis at `url`, or a Valkey over `data_dir`. Raises CannotStart with every fault of the one at `url`."""
    if not url:
        return _valkey(data_dir)
    try:
        asyncio.run(_look_at_redis(SecretStr(url)))
    except StartRefused as error:
        raise CannotStart(str(error)) from None
    except StoreUnavailable as error:
        raise CannotStart(f"the Redis that LIMNER_REDIS_URL names cannot be reached: {error.detail}") from None
    return [], url


def database(data_dir: DataDir, url: str | None) -> Store:
    """The Postgres at `url`, or one over `data_dir`, with the schema of this Limner as soon as the parts are ready.

    Raises CannotStart with every fault of the one at `url`.
    """
    if not url:
        return _postgres(data_dir)
    try:
        asyncio.run(migrate(SecretStr(url)))
    except StartRefused as error:
        raise CannotStart(str(error)) from None
    except DatabaseUnavailable as error:
        raise CannotStart(f"the Postgres that LIMNER_DATABASE_URL names cannot be reached: {error.detail}") from None
    return [], url


def _valkey(data_dir: DataDir) -> Store:
    valkey = _prepared(embedded.prepare, data_dir)

    async def answers() -> bool:
        return valkey.is_ready()

    part = Part(
        "valkey",
        valkey.command,
        {"PATH": os.environ.get("PATH", os.defpath)},
        pass_fds=(data_dir.lock_fd,),
        # It ends by itself at once, and with SIGTERM its file is whole.
        death_signal=signal.SIGTERM,
        is_ready=answers,
        hides=lambda line: any(noise in line for noise in _VALKEY_NOISE),
    )
    return [part], valkey.url


def _postgres(data_dir: DataDir) -> Store:
    postgres = _prepared(embedded_postgres.prepare, data_dir)

    async def serves() -> bool:
        if not postgres.is_ready():
            return False
        try:
            await migrate(SecretStr(postgres.url))
        except DatabaseUnavailable:
            return False
        except StartRefused as error:
            raise CannotStart(str(error)) from None
        return True

    part = Part(
        "postgres",
        postgres.command,
        postgres.environment,
        pass_fds=(data_dir.lock_fd,),
        folder=postgres.folder,
        runs_as=postgres.runs_as,
        stop_signal=embedded_postgres.STOP_SIGNAL,
        death_signal=embedded_postgres.DEATH_SIGNAL,
        is_ready=serves,
        hides=lambda line: any(noise in line for noise in _POSTGRES_NOISE),
    )
    return [part], postgres.url


def _prepared(prepare: Callable[[Path], T], data_dir: DataDir) -> T:
    try:
        return prepare(data_dir.path)
    except EmbeddedUnavailable as error:
        raise CannotStart(str(error)) from None
    except OSError as error:
        raise CannotStart(f"the data folder {data_dir.path} cannot be used: {error.strerror}.") from None


async def _look_at_redis(url: SecretStr) -> None:
    client = connect(url, connections=1)
    try:
        await inspect(client)
    finally:
        await client.aclose()
