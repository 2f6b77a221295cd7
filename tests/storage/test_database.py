"""The pool of connections to Postgres, and what is told of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from storage.database import Database, open_database, touched
from storage.embedded_postgres import running
from storage.errors import DatabaseUnavailable, SettingsError
from tests.support.postgres import execute
from tests.support.proxy import Proxy

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def proxy(shared_database_url: str) -> Iterator[Proxy]:
    """Before the database that the tests share."""
    folder = parse_qs(urlsplit(shared_database_url).query)["host"][0]
    with Proxy(str(Path(folder, ".s.PGSQL.5432"))) as proxy:
        yield proxy


@pytest.fixture
async def through_proxy(proxy: Proxy, shared_database_url: str) -> AsyncIterator[Database]:
    name = urlsplit(shared_database_url).path
    url = SecretStr(f"postgresql://limner@127.0.0.1:{proxy.port}{name}")
    async with open_database(url, connections=4, seconds=1) as database:
        yield database


async def test_rows_come_as_they_are_asked_for(database: Database) -> None:
    assert [row["n"] for row in await database.fetch("select generate_series(1, $1) as n", 3)] == [1, 2, 3]
    assert await database.fetch("select 1 where false") == []
    first = await database.first("select generate_series(4, 6) as n")
    assert first is not None
    assert first["n"] == 4
    assert await database.first("select 1 where false") is None


async def test_what_is_changed_is_counted(database: Database) -> None:
    await database.execute(
        "insert into removals (world_id, owner, jobs) select gen_random_uuid(), 'o', '{}' from generate_series(1, 3)"
    )

    assert await database.execute("update removals set owner = 'p'") == 3
    assert await database.execute("update removals set owner = 'q' where false") == 0
    assert await database.execute("delete from removals") == 3


@pytest.mark.parametrize(("tag", "rows"), [("UPDATE 3", 3), ("INSERT 0 2", 2), ("DELETE 0", 0), ("CREATE TABLE", 0)])
def test_the_count_stands_at_the_end_of_a_command_tag(tag: str, rows: int) -> None:
    assert touched(tag) == rows


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    insert = "insert into worlds (id, owner, name) values (gen_random_uuid(), 'o', $1)"
    async with database.transaction() as connection:
        await connection.execute(insert, "kept")
        await connection.execute(insert, "kept")

    async def fails() -> None:
        async with database.transaction() as connection:
            await connection.execute(insert, "not kept")
            raise LookupError

    with pytest.raises(LookupError):
        await fails()

    assert [row["name"] for row in await database.fetch("select name from worlds")] == ["kept", "kept"]


async def test_what_postgres_refuses_is_not_taken_for_its_absence(database: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.execute(
            "insert into removals (world_id, owner, jobs) select '00000000-0000-4000-8000-000000000000', 'o', '{}' "
            "from generate_series(1, 2)"
        )
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await database.fetch("selct 1")
    with pytest.raises(asyncpg.DataError):
        await database.fetch("select $1::uuid", "no id")


@pytest.mark.parametrize(
    "url",
    [
        "http://limner:verysecret@127.0.0.1/limner",
        "verysecret",
        "",
        "postgresql://limner:verysecret@[::1/limner",
        "postgresql://limner:verysecret@127.0.0.1:port/limner",
        "postgresql://limner:very#secret/verysecret@127.0.0.1:/limner",
    ],
)
async def test_a_url_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError, match=r"LIMNER_DATABASE_URL: must be postgresql://…") as raised:
        async with open_database(SecretStr(url)):
            raise AssertionError

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("parameter", "fault"),
    [("sslmode=yes", "`sslmode` parameter must be one of"), ("channel_binding=require", "channel_binding")],
)
async def test_what_stands_behind_the_url_and_cannot_be_meant_is_named(
    shared_database_url: str, parameter: str, fault: str
) -> None:
    async with open_database(SecretStr(f"{shared_database_url}&{parameter}")) as database:
        with pytest.raises(SettingsError, match=f"^LIMNER_DATABASE_URL: .*{fault}"):
            await database.fetch("select 1")


async def test_what_a_statement_names_and_is_not_there_is_no_fault_of_the_url(shared_database_url: str) -> None:
    async with open_database(SecretStr(shared_database_url)) as database:
        with pytest.raises(asyncpg.UndefinedObjectError):
            await database.fetch("show no.such_parameter")


async def test_postgres_need_not_be_there_when_it_is_opened(tmp_path: Path) -> None:
    url = f"postgresql://limner@/limner?host={tmp_path}"

    async with open_database(SecretStr(url)) as database:
        with pytest.raises(DatabaseUnavailable):
            await database.fetch("select 1")
        with pytest.raises(DatabaseUnavailable):
            await database.execute("select 1")
        with pytest.raises(DatabaseUnavailable):
            async with database.transaction():
                raise AssertionError


async def test_one_that_was_not_opened_is_away() -> None:
    with pytest.raises(DatabaseUnavailable):
        await Database(SecretStr("postgresql://127.0.0.1/limner")).fetch("select 1")


@pytest.mark.parametrize("fault", ["another password", "another database"])
async def test_a_postgres_that_lets_nobody_in_is_away(postgres_url: str, fault: str) -> None:
    url = (
        postgres_url.replace("/limner?", "/nothing?")
        if fault == "another database"
        else (postgres_url.replace("//limner@", "//nobody@"))
    )

    async with open_database(SecretStr(url)) as database:
        with pytest.raises(DatabaseUnavailable):
            await database.fetch("select 1")


async def test_more_callers_than_connections_take_turns(shared_database_url: str) -> None:
    async with open_database(SecretStr(shared_database_url), connections=2) as database:
        rows = await asyncio.gather(*(database.fetch("select pg_backend_pid() as pid") for _ in range(40)))

    assert len({row[0]["pid"] for row in rows}) <= 2


async def test_whoever_gets_no_connection_is_told_in_time(shared_database_url: str) -> None:
    async with open_database(SecretStr(shared_database_url), connections=1, seconds=0.2) as database:
        async with database.transaction():
            with pytest.raises(DatabaseUnavailable):
                await database.fetch("select 1")
        await database.fetch("select 1")


async def test_a_statement_that_takes_too_long_is_given_up(shared_database_url: str) -> None:
    async with open_database(SecretStr(shared_database_url), connections=1, seconds=0.2) as database:
        with pytest.raises(DatabaseUnavailable):
            await database.fetch("select pg_sleep(30)")
        await database.fetch("select 1")


async def test_a_session_that_an_operator_ends_is_one_that_was_away(database: Database) -> None:
    sleeping = asyncio.create_task(database.fetch("select pg_sleep(30)"))
    end = "select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(30)'"
    while not await database.fetch(end):  # noqa: ASYNC110 - nobody is told when it sleeps
        await asyncio.sleep(0.01)

    with pytest.raises(DatabaseUnavailable):
        await sleeping
    assert await database.fetch("select 1")


async def test_a_statement_that_postgres_itself_gives_up_is_one_that_was_not_served(database: Database) -> None:
    async def give_up() -> None:
        async with database.transaction() as connection:
            await connection.execute("set local statement_timeout = 20")
            await connection.execute("select pg_sleep(30)")

    with pytest.raises(DatabaseUnavailable):
        await give_up()


@pytest.mark.parametrize("reset", [False, True])
async def test_after_a_cut_line_the_same_pool_works_again(through_proxy: Database, proxy: Proxy, reset: bool) -> None:
    calls = [asyncio.create_task(through_proxy.fetch("select pg_sleep(30)")) for _ in range(3)]
    while proxy.accepted < 3:  # noqa: ASYNC110 - nobody is told of it
        await asyncio.sleep(0.01)
    proxy.cut(reset=reset)

    assert {type(answer) for answer in await asyncio.gather(*calls, return_exceptions=True)} == {DatabaseUnavailable}
    with pytest.raises(DatabaseUnavailable):
        await through_proxy.fetch("select 1")
    proxy.mend()
    await asyncio.gather(*(through_proxy.fetch("select 1") for _ in range(8)))


async def test_a_line_that_was_cut_while_nobody_used_it_costs_no_more_than_one_call_each(
    through_proxy: Database, proxy: Proxy
) -> None:
    await asyncio.gather(*(through_proxy.fetch("select 1") for _ in range(4)))

    proxy.drop()

    refused = 0
    while True:
        try:
            await through_proxy.fetch("select 1")
            break
        except DatabaseUnavailable:
            refused += 1
    assert refused <= 4


async def test_a_frozen_line_is_given_up_and_the_next_one_works(through_proxy: Database, proxy: Proxy) -> None:
    await through_proxy.fetch("select 1")

    proxy.freeze()
    with pytest.raises(DatabaseUnavailable):
        await through_proxy.fetch("select 1")
    proxy.mend()

    with contextlib.suppress(DatabaseUnavailable):
        await through_proxy.fetch("select 1")
    await through_proxy.fetch("select 1")


async def test_the_same_pool_works_again_after_postgres_was_stopped_and_started(tmp_path: Path) -> None:
    with running(tmp_path) as postgres:
        url = postgres.url
        await execute(url, "create table notes (word text)")
        await execute(url, "checkpoint")  # what is thrown away is not written out before
    async with open_database(SecretStr(url), connections=4) as database:
        with pytest.raises(DatabaseUnavailable):
            await database.fetch("select 1")
        with running(tmp_path):
            await database.execute("insert into notes values ('before')")
            await database.execute("checkpoint")
            calls = [asyncio.create_task(database.fetch("select pg_sleep(30)")) for _ in range(3)]
            while len(await database.fetch("select 1 from pg_stat_activity where query ~ 'pg_sleep.30'")) < 4:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.01)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(answer) for answer in answers} == {DatabaseUnavailable}
        with pytest.raises(DatabaseUnavailable):
            await database.execute("insert into notes values ('between')")
        with running(tmp_path):
            await asyncio.gather(*(database.execute("insert into notes values ('after')") for _ in range(4)))
            rows = await database.fetch("select word from notes")
            assert [row["word"] for row in rows] == ["before"] + ["after"] * 4
