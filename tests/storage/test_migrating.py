"""Bringing the schema up to date: in order, once, whole or not at all, whoever else does the same."""

import asyncio
import secrets
import sys
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from server.up.python import ROOT
from storage.database import open_database
from storage.errors import DatabaseUnavailable, SettingsError, UnfitDatabase
from storage.migrating import LOCK, TABLES, inspect_database, migrate
from storage.migrations import all_migrations
from tests.support.postgres import execute, url_of, value, wait_for

pytestmark = pytest.mark.timeout(60)

EVERY = [step.name for step in all_migrations()]
NEWEST = all_migrations()[-1].number


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """A database that nothing is in."""
    name = f"empty_{secrets.token_hex(8)}"
    wait_for(execute(postgres_url, f"CREATE DATABASE {name}"))
    yield url_of(postgres_url, name)
    wait_for(execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def test_every_step_is_applied_in_order_and_once(empty_url: str) -> None:
    assert await migrate(SecretStr(empty_url)) == EVERY
    assert await migrate(SecretStr(empty_url)) == []

    noted = await value(
        empty_url, "select array_agg(number || ' ' || name order by applied_at, number) from migrations"
    )
    assert noted == [f"{step.number} {step.name}" for step in all_migrations()]
    assert await inspect_database(SecretStr(empty_url)) == []


async def test_of_ten_who_migrate_at_once_one_applies_each_step(empty_url: str) -> None:
    applied = await asyncio.gather(*(migrate(SecretStr(empty_url)) for _ in range(10)))

    assert [name for names in applied for name in names] == EVERY
    assert await value(empty_url, "select count(*) from migrations") == len(EVERY)


async def test_processes_that_migrate_at_once_apply_each_step_once(empty_url: str) -> None:
    code = "import asyncio, sys; from pydantic import SecretStr; from storage.migrating import migrate; "
    code += "print(*asyncio.run(migrate(SecretStr(sys.argv[1]))))"

    async def process() -> str:
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, empty_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        told, _ = await started.communicate()
        assert started.returncode == 0
        return told.decode()

    told = await asyncio.gather(process(), process())

    assert "".join(told).split() == EVERY


async def test_one_that_is_killed_in_the_midst_of_a_step_leaves_nothing_half_done(empty_url: str) -> None:
    # Whoever holds this table keeps the step, all of whose other changes are made, from its last statement.
    async with open_database(SecretStr(empty_url)) as database, database.transaction() as holding:
        await execute(
            empty_url,
            "create table migrations (number integer primary key, name text not null, "
            "applied_at timestamptz not null default now())",
        )
        await holding.execute("lock table migrations in share mode")
        migrating = asyncio.create_task(migrate(SecretStr(empty_url)))
        waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        while (pid := await value(empty_url, waiting)) is None:  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.01)
        assert pid is not None
        await value(empty_url, f"select pg_terminate_backend({pid})")
        with pytest.raises(DatabaseUnavailable):
            await migrating

    assert await value(empty_url, "select to_regclass('worlds')") is None
    assert await value(empty_url, "select count(*) from migrations") == 0
    assert await migrate(SecretStr(empty_url)) == EVERY


async def test_a_schema_that_is_newer_is_left_alone_and_remarked_on(database_url: str) -> None:
    await execute(database_url, f"insert into migrations (number, name) values ({NEWEST + 1}, '0099_later')")

    assert await migrate(SecretStr(database_url)) == []
    (remark,) = await inspect_database(SecretStr(database_url))

    assert remark == f"The schema of Postgres is newer (step {NEWEST + 1}) than this Limner ({NEWEST})."


async def test_a_schema_that_is_missing_is_a_fault_that_names_the_command(empty_url: str) -> None:
    with pytest.raises(UnfitDatabase) as raised:
        await inspect_database(SecretStr(empty_url))

    assert raised.value.faults == [f"The schema of Postgres is at step 0 of {NEWEST}: run `./limner migrate` first."]
    assert await value(empty_url, "select to_regclass('migrations')") is None, "nothing is changed by looking"


async def test_whoever_holds_the_lock_is_waited_for(empty_url: str) -> None:
    async with open_database(SecretStr(empty_url)) as database:
        async with database.transaction() as holding:
            await holding.execute("select pg_advisory_xact_lock($1)", LOCK)
            migrating = asyncio.create_task(migrate(SecretStr(empty_url)))
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            while not await value(empty_url, waiting):  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.01)
            assert not migrating.done()
        assert await migrating == EVERY


async def test_a_user_who_may_not_change_the_schema_is_told_so(empty_url: str) -> None:
    user = f"user_{secrets.token_hex(4)}"
    await execute(empty_url, f"create user {user}; revoke create on schema public from public")
    try:
        with pytest.raises(UnfitDatabase, match="The user in LIMNER_DATABASE_URL may not change the schema"):
            await migrate(SecretStr(empty_url.replace("//limner@", f"//{user}@")))
    finally:
        await execute(empty_url, f"drop user {user}")


async def test_a_user_who_may_not_write_is_told_so(database_url: str) -> None:
    user = f"user_{secrets.token_hex(4)}"
    tables = "worlds, world_keys, lore_pieces, media, removals, migrations"
    await execute(database_url, f"create user {user}; grant select on {tables} to {user}")
    url = SecretStr(database_url.replace("//limner@", f"//{user}@"))
    try:
        with pytest.raises(UnfitDatabase) as raised:
            await inspect_database(url)
        await execute(database_url, f"grant insert, update, delete on {tables} to {user}")
        assert await inspect_database(url) == []
    finally:
        await execute(database_url, f"drop owned by {user}; drop user {user}")

    assert raised.value.faults == [
        "The user in LIMNER_DATABASE_URL may not read and write the tables lore_pieces, media, removals, world_keys, "
        "worlds: grant it select, insert, update and delete on them."
    ]


async def test_the_rights_to_every_table_are_looked_at(database_url: str) -> None:
    there = await value(database_url, "select array_agg(relname order by relname) from pg_stat_user_tables")

    assert there == sorted([*TABLES, "migrations"])


async def test_a_database_of_another_encoding_is_refused(postgres_url: str) -> None:
    name = f"latin_{secrets.token_hex(4)}"
    await execute(postgres_url, f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0")
    url = SecretStr(url_of(postgres_url, name))
    try:
        for looking in (migrate(url), inspect_database(url)):
            with pytest.raises(UnfitDatabase, match="encoded in SQL_ASCII: Limner needs UTF8"):
                await looking
    finally:
        await execute(postgres_url, f"drop database {name}")


async def test_a_postgres_that_cannot_be_written_to_for_now_is_away(database_url: str) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    await execute(database_url, f"alter database {name} set default_transaction_read_only = on")

    for looking in (migrate(SecretStr(database_url)), inspect_database(SecretStr(database_url))):
        with pytest.raises(DatabaseUnavailable, match="read-only"):
            await looking


@pytest.mark.parametrize("call", [migrate, inspect_database])
async def test_what_keeps_it_from_postgres_is_said_without_the_password(call: object) -> None:
    assert callable(call)

    with pytest.raises(SettingsError) as wrong:
        await call(SecretStr("http://limner:verysecret@127.0.0.1/limner"))
    with pytest.raises(DatabaseUnavailable) as away:
        await call(SecretStr("postgresql://limner:verysecret@127.0.0.1:1/limner"))

    assert "verysecret" not in f"{wrong.value} {away.value}"
