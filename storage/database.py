"""Postgres: a pool of connections, and what its errors mean."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from pydantic import SecretStr

from storage.errors import DatabaseUnavailable, SettingsError
from storage.lost_line import lost_lines

COMMAND_SECONDS = 10.0
CONNECT_SECONDS = 5.0

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Row = asyncpg.Record

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.TransactionRollbackError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # and with it TimeoutError
)
"""What is raised while Postgres cannot serve, though it could at another time."""


class _Session(asyncpg.Connection):
    """Goes back into the pool as it is: nothing of ours changes a session, and an open transaction is ended anyway."""

    def get_reset_query(self) -> str:
        return ""


class Database:
    """All methods raise DatabaseUnavailable while Postgres cannot be reached: nobody knows then whether a change was
    made, but that of a transaction was made whole or not at all.
    """

    def __init__(
        self, url: SecretStr, *, connections: int = 10, pooler: bool = False, seconds: float = COMMAND_SECONDS
    ) -> None:
        """`pooler` says that sessions are shared with others between transactions, as behind PgBouncer.

        Nothing is connected before it is needed: Postgres need not be there yet. A statement ends within `seconds`,
        and so does the wait for a connection.
        """
        self._url = url
        self._connections = connections
        self._pooler = pooler
        self._seconds = seconds
        self._opened: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """To be called before anything else. Raises SettingsError for a URL that is none."""
        if not _is_address(self._url.get_secret_value()):
            # What is said of an address may hold the password.
            raise SettingsError(["LIMNER_DATABASE_URL: must be postgresql://…, and special characters in it %-escaped"])
        # What asyncpg has prepared for later is known to the session it was prepared in only. What it does not keep it
        # prepares and runs without letting the session go in between.
        options: dict[str, Any] = {"statement_cache_size": 0} if self._pooler else {}
        self._opened = await asyncpg.create_pool(
            self._url.get_secret_value(),
            min_size=0,
            max_size=self._connections,
            timeout=min(CONNECT_SECONDS, self._seconds),
            command_timeout=self._seconds,
            connection_class=_Session,
            **options,
        )

    def close(self) -> None:
        """End all connections, whatever goes on over them."""
        if self._opened is not None:
            self._opened.terminate()

    @property
    def _pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._opened is None:
            raise DatabaseUnavailable("it was not opened")
        return self._opened

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, which is committed at the end and rolled back by an exception."""
        with database_errors():
            async with self._pool.acquire(timeout=self._seconds) as connection, connection.transaction():
                yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        with database_errors():
            async with self._pool.acquire(timeout=self._seconds) as connection:
                yield connection

    async def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        async with self._connection() as connection:
            return await connection.fetch(sql, *values)

    async def first(self, sql: str, *values: object) -> Row | None:
        """The first row, or none."""
        async with self._connection() as connection:
            return await connection.fetchrow(sql, *values)

    async def execute(self, sql: str, *values: object) -> int:
        """How many rows the statement has touched."""
        async with self._connection() as connection:
            return touched(await connection.execute(sql, *values))


@asynccontextmanager
async def open_database(
    url: SecretStr, *, connections: int = 10, pooler: bool = False, seconds: float = COMMAND_SECONDS
) -> AsyncIterator[Database]:
    """A database that is open meanwhile. Raises SettingsError for a URL that is none."""
    database = Database(url, connections=connections, pooler=pooler, seconds=seconds)
    await database.open()
    try:
        yield database
    finally:
        database.close()


def _is_address(url: str) -> bool:
    """asyncpg looks at its address only when it first connects."""
    try:
        parts = urlsplit(url)
        for host in parts.netloc.rpartition("@")[2].split(","):
            _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    return parts.scheme in ("postgresql", "postgres")


@contextmanager
def database_errors() -> Iterator[None]:
    """Turns what asyncpg raises while Postgres cannot serve into DatabaseUnavailable, and what is said against the URL
    into SettingsError; other errors pass as they are.
    """
    try:
        with lost_lines():
            yield
    except asyncpg.ClientConfigurationError as error:
        raise SettingsError([f"LIMNER_DATABASE_URL: {error}"]) from None
    except asyncpg.UndefinedObjectError as error:
        if error.severity_en != "FATAL":  # else it is said of what stands behind the URL's question mark
            raise
        raise SettingsError([f"LIMNER_DATABASE_URL: {error}"]) from None
    except _AWAY as error:
        raise DatabaseUnavailable(str(error) or type(error).__name__) from error


def touched(status: str) -> int:
    """How many rows a command tag such as `UPDATE 3` counts."""
    word = status.rpartition(" ")[2]
    return int(word) if word.isdigit() else 0
