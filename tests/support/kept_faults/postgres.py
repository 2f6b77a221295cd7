"""A Postgres of the table's own: killed and started again over its data, read past Limner, and held at a moment."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr

from storage.embedded_postgres import prepare, started
from storage.migrating import migrate

LANDING = 7_001
"""The lock for which whoever notes where a picture is waits."""

_WAITS_AT_LANDING = f"""
create function wait_at_landing() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared({LANDING});
  return new;
end $$;
create trigger wait_at_landing before update of url on media for each row
  when (old.url is null and new.url is not null) execute function wait_at_landing();
"""


class Postgres:
    """What it has committed stays, whatever is done to it. Not ready before `make_schema`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="limner-"))
        self._stack = ExitStack()
        try:
            self._postgres = prepare(self._folder)
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return self._postgres.url

    def start(self) -> None:
        self._stack.enter_context(started(self._postgres))

    def kill(self) -> None:
        """At once and with all it has started: what was under way is undone at the next start."""
        self._stack.close()

    def close(self) -> None:
        self._stack.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def make_schema(self) -> None:
        await migrate(SecretStr(self.url))
        await self.execute(_WAITS_AT_LANDING)

    async def fetch(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    async def value(self, sql: str, *values: object) -> Any:
        (row,) = await self.fetch(sql, *values)
        return row[0]

    async def execute(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    @asynccontextmanager
    async def landing_held(self) -> AsyncIterator[None]:
        """Meanwhile every UPDATE waits that notes where a picture is; a Postgres that is killed holds nothing."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(f"select pg_advisory_lock({LANDING})")
            yield
        finally:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError):
                await connection.close(timeout=5)

    async def at_landing(self) -> int:
        """How many wait there."""
        return int(await self.value("select count(*) from pg_locks where locktype = 'advisory' and not granted"))

    async def undo_landings(self) -> None:
        """What waits there is not done, also not where its worker is dead."""
        await self.execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted")
