"""Bringing the schema of Postgres up to date, and looking whether it is."""

import asyncpg
from pydantic import SecretStr

from storage.database import Connection, open_database
from storage.errors import DatabaseUnavailable, UnfitDatabase
from storage.migrations import all_migrations

LEAST_VERSION = 140_000
"""Postgres 14: the oldest that is still looked after."""

LOCK = 0x6C696D6E6572
"""Held, in every transaction that changes the schema, by the one who does."""

STEP_SECONDS = 3_600.0

TABLES = ("lore_pieces", "media", "removals", "world_keys", "worlds")

_TABLE = """
create table if not exists migrations (
  number integer primary key,
  name text not null,
  applied_at timestamptz not null default now()
)
"""


async def migrate(url: SecretStr) -> list[str]:
    """Apply the migrations that are missing, each in a transaction of its own. Answers their names.

    Safe where two do it at once: one waits for the other. A schema that is newer than this code is left as it is.
    Raises SettingsError, DatabaseUnavailable, and UnfitDatabase with a sentence for what cannot be helped by waiting.
    """
    applied = []
    async with open_database(url, connections=1, pooler=True) as database:
        for migration in all_migrations():
            try:
                async with database.transaction() as connection:
                    await _check(connection)
                    # A step over much data may take long; whoever waits for the lock waits for it too.
                    await connection.execute("select pg_advisory_xact_lock($1)", LOCK, timeout=STEP_SECONDS)
                    await connection.execute(_TABLE)
                    if await connection.fetchval("select true from migrations where number = $1", migration.number):
                        continue
                    await connection.execute(migration.sql, timeout=STEP_SECONDS)
                    await connection.execute(
                        "insert into migrations (number, name) values ($1, $2)", migration.number, migration.name
                    )
            except asyncpg.InsufficientPrivilegeError as error:
                raise UnfitDatabase([f"The user in LIMNER_DATABASE_URL may not change the schema: {error}"]) from None
            applied.append(migration.name)
    return applied


async def inspect_database(url: SecretStr, *, pooler: bool = False) -> list[str]:
    """Look whether Postgres can serve. Answers what an operator should know, a sentence each.

    Raises SettingsError, DatabaseUnavailable, UnfitDatabase naming every fault.
    """
    async with open_database(url, connections=1, pooler=pooler) as database, database.transaction() as connection:
        await _check(connection)
        known = await connection.fetchval("select to_regclass('migrations') is not null")
        if known and (denied := await _denied(connection)):
            raise UnfitDatabase(
                [
                    f"The user in LIMNER_DATABASE_URL may not read and write the tables {', '.join(denied)}: "
                    "grant it select, insert, update and delete on them."
                ]
            )
        newest = await connection.fetchval("select max(number) from migrations") if known else None
        ours = all_migrations()[-1].number
        if (newest or 0) < ours:
            raise UnfitDatabase(
                [f"The schema of Postgres is at step {newest or 0} of {ours}: run `./limner migrate` first."]
            )
        return [] if newest == ours else [f"The schema of Postgres is newer (step {newest}) than this Limner ({ours})."]


async def _denied(connection: Connection) -> list[str]:
    """The tables that this user may not use as Limner does. Of `migrations` it has only to be read."""
    rows = await connection.fetch(
        "select relname from pg_class "
        "where relnamespace = (select relnamespace from pg_class where oid = 'migrations'::regclass) "
        "and relname = any($1::text[]) and not (has_table_privilege(oid, 'select') and (relname = 'migrations' or "
        "has_table_privilege(oid, 'insert') and has_table_privilege(oid, 'update') "
        "and has_table_privilege(oid, 'delete'))) order by relname",
        [*TABLES, "migrations"],
    )
    return [row["relname"] for row in rows]


async def _check(connection: Connection) -> None:
    if await connection.fetchval("show transaction_read_only") == "on":
        raise DatabaseUnavailable("it is read-only: a standby, or one that is being maintained")
    version = int(await connection.fetchval("show server_version_num"))
    if version < LEAST_VERSION:
        raise UnfitDatabase([f"Postgres {version // 10_000} is too old: Limner needs 14 or newer."])
    encoding = await connection.fetchval("show server_encoding")
    if encoding != "UTF8":
        raise UnfitDatabase([f"This database is encoded in {encoding}: Limner needs UTF8."])
