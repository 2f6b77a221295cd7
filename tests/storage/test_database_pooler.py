"""Through a real PgBouncer that gives a session to whoever begins a transaction."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from pydantic import SecretStr

from storage.database import open_database
from storage.kept import kept_of, opened
from storage.migrating import inspect_database, migrate
from storage.records.ids import new_id
from storage.records.world import WorldId
from storage.settings import StorageSettings
from tests.support.kept_states import BASE64, OWNER, KeptStates, character, landing, ready
from tests.support.pgbouncer import pgbouncer_before
from tests.support.postgres import execute, value

pytestmark = [pytest.mark.pgbouncer, pytest.mark.timeout(60)]

SESSIONS = 3


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    with pgbouncer_before(database_url, sessions=SESSIONS) as url:
        yield url


@pytest.fixture
async def states(pooled_url: str) -> AsyncIterator[KeptStates]:
    """Of a process as the settings make it."""
    settings = StorageSettings(
        database_url=SecretStr(pooled_url), database_pooler=True, database_connections=20, objects_dir="/nowhere"
    )
    kept = kept_of(settings)
    assert kept is not None
    async with opened(kept):
        yield KeptStates(kept)


async def test_many_worlds_are_made_and_landed_at_once_over_few_sessions(database_url: str, states: KeptStates) -> None:
    async def one(number: int) -> None:
        piece = ready(base64=f"{BASE64}{number}")
        world_id = await states.kept.worlds.create(
            WorldId(new_id()),
            OWNER,
            f"World {number}",
            [piece, character()],
            digests=[f"{number % 10}"],
            fingerprint="f",
        )
        for waiting in await states.kept.media.waiting(limit=3, again=0):
            found = await states.kept.landing.taken_up(waiting.id)
            assert found is not None
            if found.base64 is not None:
                await states.kept.landing.landed(waiting.id, landing(f"{waiting.id}.png"), base64=found.base64)
        board = await states.kept.worlds.board(world_id)
        assert board is not None
        assert len(board.pieces) == 2

    await asyncio.gather(*(one(number) for number in range(40)))

    while await states.kept.media.waiting(limit=3, again=0):
        await one(0)
    worlds, _ = await states.kept.worlds.owned(OWNER, before=None, limit=50)
    assert len(worlds) == 10, "a key is heeded through it, too"
    assert [world.portraits for world in worlds] == [1] * 10
    sessions = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    assert await value(database_url, sessions) <= SESSIONS


async def test_the_schema_is_brought_up_to_date_and_looked_at_through_it(database_url: str, pooled_url: str) -> None:
    await execute(database_url, "drop schema public cascade; create schema public")

    applied = await asyncio.gather(*(migrate(SecretStr(pooled_url)) for _ in range(4)))

    assert [bool(names) for names in applied].count(True) >= 1
    assert len([name for names in applied for name in names]) == len({name for names in applied for name in names})
    assert await inspect_database(SecretStr(pooled_url), pooler=True) == []


async def test_no_statement_is_run_in_a_session_that_does_not_know_it(pooled_url: str) -> None:
    async def one(number: int) -> None:
        values = range(number % 7 + 1)
        (row,) = await database.fetch(f"select {', '.join(f'${value + 1}::int' for value in values)}", *values)
        assert list(row) == list(values)

    async with open_database(SecretStr(pooled_url), connections=20, pooler=True) as database:
        await asyncio.gather(*(one(number) for number in range(300)))


async def test_without_the_setting_it_would_not_do(pooled_url: str) -> None:
    url = SecretStr(pooled_url)
    async with open_database(url, connections=SESSIONS, pooler=True) as database, AsyncExitStack() as stack:
        for _ in range(SESSIONS):  # so many sessions are there from now on, and are given out in turn
            await stack.enter_async_context(database.transaction())
    async with open_database(url, connections=1, pooler=False) as database:
        await database.fetch("select $1::int", 1)
        with pytest.raises(asyncpg.InvalidSQLStatementNameError):
            await database.fetch("select $1::int", 1)
