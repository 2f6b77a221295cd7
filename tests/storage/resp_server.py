"""A server that speaks RESP and says PONG to everything, over connections the first of which may lead nowhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import hiredis


class RespServer:
    """The first `silent` connections are never answered, or only their greeting is if it `greets`."""

    def __init__(self, silent: int, greets: bool) -> None:
        self._silent = silent
        self._greets = greets
        self.connections = 0
        self.port = 0
        self.met = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Event] = {}

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        ended = self._open[writer] = asyncio.Event()
        answers = int(self._greets) if self.connections <= self._silent else -1
        commands = hiredis.Reader()
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.met.set()
                commands.feed(data)
                while commands.gets() is not False:
                    if answers:
                        writer.write(b"+PONG\r\n")
                        answers -= 1
        writer.close()
        ended.set()

    async def end(self) -> None:
        for writer, ended in self._open.items():
            writer.transport.abort()
            await ended.wait()


@asynccontextmanager
async def resp_server(*, silent: int, greets: bool = True) -> AsyncIterator[RespServer]:
    resp = RespServer(silent, greets)
    async with await asyncio.start_server(resp.serve, "127.0.0.1", 0) as server:
        resp.port = server.sockets[0].getsockname()[1]
        yield resp
        await resp.end()
