import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.up.readiness import is_ready


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    asked: list[bytes] = []

    async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(answer_one, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"\x00" * 100_000, False),
        (b"", False),
    ],
)
async def test_only_an_answer_of_200_is_readiness(answer: bytes, expected: bool) -> None:
    async with answering(answer) as (port, asked):
        assert await is_ready("127.0.0.1", port) is expected
    assert asked == [b"GET /ready HTTP/1.1\r\n"]


async def test_nobody_there_is_not_ready() -> None:
    async with answering(b"") as (port, _):
        pass

    assert await is_ready("127.0.0.1", port) is False
