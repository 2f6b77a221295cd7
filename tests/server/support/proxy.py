"""Stands between a client and Redis, and can hold back what Redis answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio.connection import parse_url


class HoldingProxy:
    """Everything passes at once, until `hold`. `held` is set when an answer is being held back."""

    def __init__(self, redis_url: str) -> None:
        self._path = parse_url(redis_url)["path"]
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.held = asyncio.Event()
        self.url = ""

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_unix_connection(self._path)
        answers = asyncio.create_task(self._pass(from_redis, writer, holds=True))
        self._tasks.add(answers)
        try:
            await self._pass(reader, to_redis, holds=False)
        finally:
            answers.cancel()
            to_redis.close()
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, holds: bool) -> None:
        while data := await reader.read(65_536):
            if holds and not self._open.is_set():
                self.held.set()
                await self._open.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def holding_proxy(redis_url: str) -> AsyncIterator[HoldingProxy]:
    """A proxy before the Redis behind a `unix://` URL. Its own address is `url`."""
    proxy = HoldingProxy(redis_url)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    proxy.url = f"redis://{host}:{port}/0"
    try:
        yield proxy
    finally:
        proxy.release()
        server.close()
