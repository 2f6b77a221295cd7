"""A small HTTP server whose answers a test decides, down to a connection that is cut in place of one."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from storage.tasks import end


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes
    number: int
    """1 is the first on its connection."""
    gone: Callable[[], Awaitable[object]]
    """Ends when the client has hung up."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    """What is said of the body's length, if that is not true."""


class Cut(Exception):
    """The connection is cut in place of an answer."""


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


Handler = Callable[[Request], Awaitable[Answer]]


class HttpServer:
    """`async with` it: it listens at `url`, and after its end nobody does. `seen` are all requests."""

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self.url = ""
        self.port = 0
        self.seen: list[Request] = []
        self._handler = handler
        self._tls = tls
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "HttpServer":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await end(*self._connections)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        number = 0
        try:
            while True:
                number += 1
                request = await _read(reader, number)
                self.seen.append(request)
                _write(writer, await self._handler(request))
                await writer.drain()
        except (Cut, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # a cancelled one is over with the server


async def _read(reader: asyncio.StreamReader, number: int) -> Request:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    place = urlsplit(target)
    return Request(method, place.path, dict(parse_qsl(place.query)), headers, body, number, lambda: reader.read(1))


def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    length = len(answer.body) if answer.length is None else answer.length
    head = {"Content-Length": str(length), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", *(f"{k}: {v}" for k, v in head.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
