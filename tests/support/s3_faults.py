"""A bucket that goes wrong when a test wants it to: a proxy that stands before a real one, and reads what is said.

    async with FaultyS3(bucket.endpoint_url) as faulty:
        settings = bucket.settings(s3_endpoint_url=faulty.url)
        faulty.fault = Fault.SLOW_DOWN
        ...
        faulty.fault = Fault.NONE

Requests pass as they came, with their Host, so that their signatures hold. Answers are passed on whole.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from storage.tasks import end

_HEAD_BYTES = 64 * 1024


class Fault(Enum):
    NONE = auto()
    REFUSES = auto()
    """The connection is closed in place of an answer; nothing is passed on."""
    SLOW_DOWN = auto()
    """503 SlowDown; nothing is passed on."""
    ANSWER_LOST = auto()
    """Requests that change something are passed on and done; their answer is 500."""
    CUT = auto()
    """The same, with the connection cut in place of an answer."""
    CONFLICT = auto()
    """409, as if another put of the object were under way; nothing is passed on."""
    HELD = auto()
    """Nothing is done before another fault, or none, is set."""
    ANSWER_HELD = auto()
    """Requests that change something are passed on and done; they are answered when another fault, or none, is set."""
    NO_BATCHES = auto()
    """501 to the request that deletes several objects."""


@dataclass(frozen=True)
class S3Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes
    raw: bytes


class FaultyS3:
    """`async with` it. `fault` and `delay` hold for every request that comes while they are set."""

    def __init__(self, target_url: str) -> None:
        target = urlsplit(target_url)
        self._host, self._target_port = str(target.hostname), int(target.port or 80)
        self.url = ""
        self._fault = Fault.NONE
        self._changed = asyncio.Event()
        self.only: Callable[[S3Request], bool] = lambda _: True
        """Which requests the fault and the delay are for. At first all."""
        self.delay = 0.0
        """Seconds before a request is looked at."""
        self.seen: list[S3Request] = []
        self.came = asyncio.Semaphore(0)
        """Released with every request, before anything is done with it."""
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_BYTES)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await end(*self._connections)

    @property
    def fault(self) -> Fault:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        self._fault = fault
        self._changed.set()
        self._changed = asyncio.Event()

    def requests(self, method: str) -> list[S3Request]:
        """Those with this method, as they came."""
        return [request for request in self.seen if request.method == method]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        try:
            while True:
                request = await _read(reader, writer)
                self.seen.append(request)
                self.came.release()
                answer = await self._answer(request)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # a cancelled one is over with the proxy
        finally:
            writer.transport.abort()

    async def _answer(self, request: S3Request) -> bytes | None:
        if not self.only(request):
            return await self._passed_on(request)
        if self.delay:
            await asyncio.sleep(self.delay)
        while self._fault is Fault.HELD:
            await self._changed.wait()
        changes = request.method in ("PUT", "POST", "DELETE")
        if changes and self._fault is Fault.ANSWER_HELD:
            answer = await self._passed_on(request)
            while self._fault is Fault.ANSWER_HELD:
                await self._changed.wait()
            return answer
        match self.fault:
            case Fault.REFUSES:
                return None
            case Fault.SLOW_DOWN:
                return _refusal(503, "SlowDown")
            case Fault.CONFLICT:
                return _refusal(409, "ConditionalRequestConflict")
            case Fault.NO_BATCHES if request.method == "POST" and "delete" in request.query:
                return _refusal(501, "NotImplemented")
            case Fault.ANSWER_LOST if changes:
                await self._passed_on(request)
                return _refusal(500, "InternalError")
            case Fault.CUT if changes:
                await self._passed_on(request)
                return None
        return await self._passed_on(request)

    async def _passed_on(self, request: S3Request) -> bytes:
        """The answer, as it was sent. Its end is that of its connection."""
        reader, writer = await asyncio.open_connection(self._host, self._target_port)
        try:
            head, _, _ = request.raw.partition(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"expect:"))]
            writer.write(b"\r\n".join([*lines, b"Connection: close", b"", request.body]))
            await writer.drain()
            return await reader.read()
        finally:
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> S3Request:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    if headers.get("expect") == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
    assert "chunked" not in headers.get("transfer-encoding", ""), "this proxy reads no chunked body"
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    place = urlsplit(target)
    return S3Request(method, place.path, dict(parse_qsl(place.query, keep_blank_values=True)), headers, body, raw)


def _refusal(status: int, code: str) -> bytes:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    head = f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
