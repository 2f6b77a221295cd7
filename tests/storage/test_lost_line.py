import asyncio

import pytest
import uvloop

from storage.connect import store_errors
from storage.database import database_errors
from storage.errors import DatabaseUnavailable, StoreUnavailable
from storage.lost_line import lost_lines


async def written_after_its_end() -> None:
    """What uvloop does where somebody writes to a line that has just been closed."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    async with server:
        _, writer = await asyncio.open_connection(host, port)
        writer.transport.abort()
        await asyncio.sleep(0)
        while True:
            writer.writelines([b"PING\r\n"])
            await asyncio.sleep(0)


def run(what: object) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(what, 10))  # type: ignore[arg-type]


async def under_lost_lines() -> None:
    with lost_lines():
        await written_after_its_end()


async def under_store_errors() -> None:
    with store_errors():
        await written_after_its_end()


async def under_database_errors() -> None:
    with database_errors():
        await written_after_its_end()


def test_a_line_that_is_lost_while_somebody_writes_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionResetError):
        run(under_lost_lines())


def test_and_so_redis_and_postgres_are_away_and_nobodys_fault() -> None:
    with pytest.raises(StoreUnavailable):
        run(under_store_errors())
    with pytest.raises(DatabaseUnavailable):
        run(under_database_errors())


def test_another_fault_is_told_as_it_is() -> None:
    with pytest.raises(RuntimeError, match="a fault of ours"), lost_lines():
        raise RuntimeError("a fault of ours")
