"""A receiver of webhooks, which goes wrong in the ways such receivers do.

    async with Receiver(says(500), says(204)) as receiver:
        ... receiver.url ...
        first = await receiver.next()
    assert first.verified()["status"] == "succeeded"

Each request gets the next reply; one request more than there are replies gets a 204.
"""

import asyncio
import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_SECRET = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
DEADLINE_SECONDS = 20.0

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """One request, as it came. The names of headers are in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str = SECRET) -> dict[str, Any]:
        """The record in it. Raises WebhookVerificationError where it was not signed with this secret."""
        Webhook(secret).verify(self.body, self.headers)
        record = json.loads(self.body)
        assert isinstance(record, dict)
        return record


def says(status: int, **headers: str) -> Reply:
    """`retry_after` in Python is `retry-after` in HTTP."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{named}content-length: 2\r\n\r\nok".encode())
        await writer.drain()

    return reply


def writes(data: bytes) -> Reply:
    """These bytes, whatever they are, and then the end of the connection."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return reply


async def resets(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hangs(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


class NeverEnds:
    """A body without an end, until nobody takes it; `written` are the bytes of it that were."""

    written = 0

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        # With little room in the kernel hardly more is written than is taken.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(4_096))
            await writer.drain()
            self.written += 4_096
            await asyncio.sleep(0)


class Receiver:
    """Listens from its entering on, on `host`, with TLS where there is a `context`."""

    def __init__(
        self, *replies: Reply, host: str = "127.0.0.1", port: int = 0, context: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Received] = []
        self.open = 0
        """Requests that are being answered."""
        self.done: asyncio.Queue[Received] = asyncio.Queue()
        """Those that were answered, or whose sender has gone."""
        self._replies = deque(replies)
        self._arrived: asyncio.Queue[Received] = asyncio.Queue()
        self._handling: set[asyncio.Task[None]] = set()
        self._host = host
        self._port = port
        self._context = context

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, self._host, self._port, ssl=self._context, limit=1_000_000
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.close()
        for task in self._handling:
            task.cancel()
        await asyncio.gather(*self._handling, return_exceptions=True)

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}/hook?of=limner"

    async def next(self) -> Received:
        """The next request that came, or comes."""
        return await asyncio.wait_for(self._arrived.get(), DEADLINE_SECONDS)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._handle(reader, writer))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # whoever sent has gone
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        received = Received(head[0], headers, await reader.readexactly(int(headers["content-length"])))
        reply = self._replies.popleft() if self._replies else says(204)
        self.requests.append(received)
        self.open += 1
        self._arrived.put_nowait(received)
        try:
            await reply(writer)
        finally:
            self.open -= 1
            self.done.put_nowait(received)
