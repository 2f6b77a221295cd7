"""A line to Redis that a test can cut: as a whole, or at the moment when a certain word is said on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from redis.asyncio.connection import parse_url


class Line:
    """Stands between a client, which uses `url`, and the Redis at `redis_url`. Whole until it is cut."""

    def __init__(self, redis_url: str) -> None:
        self._to = parse_url(redis_url)
        self.port = 0
        """Where it listens."""
        self.refused = 0
        """How many connections were asked for while it was cut."""
        self._open: set[asyncio.StreamWriter] = set()
        self._whole = True
        self._words: list[bytes] = []

    @property
    def url(self) -> str:
        user = f":{quote(self._to['password'], safe='')}@" if "password" in self._to else ""
        return f"redis://{user}127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Every connection is lost, and each new one at once."""
        self._whole = False
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True

    def cut_when_said(self, *words: bytes) -> None:
        """Each word costs the next connection that says it; what it said does not reach Redis."""
        self._words.extend(words)

    @property
    def still_to_be_said(self) -> list[bytes]:
        return self._words

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            self.refused += 1
            writer.close()
            return
        if "path" in self._to:
            from_redis, to_redis = await asyncio.open_unix_connection(self._to["path"])
        else:
            from_redis, to_redis = await asyncio.open_connection(self._to["host"], self._to["port"])
        ends = {writer, to_redis}
        self._open |= ends
        await asyncio.gather(self._pass(reader, to_redis, ends), self._pass(from_redis, writer, ends))
        self._open -= ends

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: set[asyncio.StreamWriter]
    ) -> None:
        try:
            while data := await reader.read(65_536):
                if said := next((word for word in self._words if word in data), None):
                    self._words.remove(said)
                    break
                writer.write(data)
        except OSError:
            pass
        for end in ends:
            end.transport.abort()


@asynccontextmanager
async def line_to(redis_url: str) -> AsyncIterator[Line]:
    line = Line(redis_url)
    async with await asyncio.start_server(line.serve, "127.0.0.1", 0) as server:
        line.port = server.sockets[0].getsockname()[1]
        yield line
        line.cut()
