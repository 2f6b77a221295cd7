"""Bodies that do not arrive as they should."""

import asyncio
import json
import socket

import pytest
from starlette.requests import Request
from starlette.types import Message

from server.body import MOST_VALUES, SMALL_BYTES, Room, parsed, received
from server.problems import Problem
from tests.server.conftest import lines_of
from tests.support.limner import Server
from tests.support.listening import eventually

HEAD = b"POST /characters HTTP/1.1\r\nHost: limner\r\nConnection: close\r\nContent-Type: application/json\r\n%b\r\n\r\n"


def status_of(edge: Server, *parts: bytes, and_leave: bool = False) -> bytes:
    """Send a request by hand, and read to the end. Answers the first line. `and_leave` closes our side before."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        if and_leave:
            connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read().split(b"\r\n")[0]


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD % b"Content-Length: 100", b'{"count":'),
        (HEAD % b"Content-Length: 1000000", b" " * 100_000),
        (HEAD % b"Transfer-Encoding: chunked", b'9\r\n{"count":\r\n'),
    ],
)
def test_a_body_that_ends_too_early_is_no_fault_of_the_server(edge: Server, parts: tuple[bytes, ...]) -> None:
    status_of(edge, *parts, and_leave=True)
    assert status_of(edge, b"GET /health HTTP/1.1\r\nHost: limner\r\nConnection: close\r\n\r\n").endswith(b"200 OK")
    assert lines_of(edge, "error", "critical") == []


def test_who_asks_before_sending_too_much_is_refused_at_once(edge: Server) -> None:
    head = HEAD % b"Content-Length: 1000000\r\nExpect: 100-continue"
    assert status_of(edge, head).startswith(b"HTTP/1.1 413")


def test_more_than_anybody_would_read_is_refused_at_once(edge: Server) -> None:
    assert status_of(edge, HEAD % b"Content-Length: 100000000000").startswith(b"HTTP/1.1 413")


def test_a_body_of_exactly_the_greatest_length_is_read(edge: Server) -> None:
    for length, status in ((65_536, b"202"), (65_537, b"413")):
        body = b'{"count":1}'.ljust(length)
        assert status_of(edge, HEAD % (b"Content-Length: %d" % length), body).split(b" ")[1] == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"count":1,' + b",".join(b'"%x":1' % number for number in range(MOST_VALUES)) + b"}",
        b'{"count":[' + b"1," * MOST_VALUES + b"1]}",
        b'{"count":[' + b'"",' * (3 * MOST_VALUES) + b'""]}',
    ],
)
def test_more_values_than_anybody_needs_are_refused_before_they_are_read(body: bytes) -> None:
    with pytest.raises(Problem, match="at most 10000 values"):
        parsed(body)


@pytest.mark.parametrize("text", [",", '\\",', "\\\\,", '[",'])
def test_what_stands_in_a_text_is_no_value(text: str) -> None:
    sent = {"a": [text * (2 * MOST_VALUES), text], "b": 1}
    assert parsed(json.dumps(sent).encode()) == sent


def coming() -> tuple[Request, asyncio.Queue[Message]]:
    """A request whose body is what stands in the queue."""
    parts: asyncio.Queue[Message] = asyncio.Queue()
    return Request({"type": "http", "method": "POST", "headers": []}, parts.get), parts


async def test_slow_large_bodies_do_not_take_all_memory_and_small_ones_come_through() -> None:
    room, limit = Room(2 * SMALL_BYTES), 2 * SMALL_BYTES + 10
    part, end = {"type": "http.request", "body": b"a" * 2 * SMALL_BYTES}, {"type": "http.request", "body": b"b"}

    async def sent(*messages: Message) -> bytes:
        request, parts = coming()
        for message in messages:
            parts.put_nowait(message)
        return await received(request, limit, room)

    async def holds() -> bool:
        return room.held > 0

    request, slow = coming()
    first = asyncio.create_task(received(request, limit, room))
    slow.put_nowait({**part, "more_body": True})
    await eventually(holds)

    with pytest.raises(Problem, match="as many large bodies") as refused:
        await sent({**part, "more_body": True}, end)
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "2"})
    assert await sent(end) == b"b"

    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert room.held == 0
    assert await sent(part) == part["body"]
    assert room.held == 0
