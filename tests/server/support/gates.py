"""Stop points: a step of the real thing waits at a gate until the test lets it go on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio.connection import parse_url

from storage.jobs import JobStore
from storage.records.ids import JobId
from storage.stored import Stored
from tests.server.support.listener import Follower

DEADLINE_SECONDS = 20.0


class Gate:
    """Open until it is closed. Whoever then comes waits."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._reached = asyncio.Event()

    def close(self) -> None:
        self._open.clear()
        self._reached.clear()

    def open(self) -> None:
        self._open.set()

    async def reached(self) -> None:
        """Return when somebody waits at it."""
        await asyncio.wait_for(self._reached.wait(), DEADLINE_SECONDS)

    async def go_through(self) -> None:
        if not self._open.is_set():
            self._reached.set()
            await self._open.wait()


class GatedStore(JobStore):
    """The real store. Snapshots stop before Redis is asked, or when it has answered and nobody knows yet."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked = Gate()
        self.answered = Gate()
        self.reads = 0

    async def get_many(self, job_ids: Sequence[JobId]) -> list[Stored | None]:
        await self.asked.go_through()
        found = await super().get_many(job_ids)
        self.reads += 1
        await self.answered.go_through()
        return found


class GatedLine:
    """Between a hub's event connection and the Redis behind a `unix://` URL. The hub uses `url`."""

    def __init__(self, redis_url: str) -> None:
        self._path = parse_url(redis_url)["path"]
        self._commands: dict[bytes, Gate] = {}
        self._answers: dict[bytes, Gate] = {}
        self._ends: set[asyncio.StreamWriter] = set()
        self.url = ""

    def stop(self, words: bytes) -> Gate:
        """A gate, closed: at it stops the command that has these words, and on its connection all that follows."""
        return _closed(self._commands, words)

    def hold(self, words: bytes) -> Gate:
        """The same for what Redis has to say."""
        return _closed(self._answers, words)

    def drop(self) -> None:
        """Every connection is lost, and what was stopped on it. A new one passes."""
        for end in self._ends:
            end.transport.abort()

    def open(self) -> None:
        for gate in [*self._commands.values(), *self._answers.values()]:
            gate.open()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_unix_connection(self._path)
        ends = {writer, to_redis}
        self._ends |= ends
        await asyncio.gather(
            self._pass(reader, to_redis, self._commands, ends), self._pass(from_redis, writer, self._answers, ends)
        )
        self._ends -= ends

    @staticmethod
    async def _pass(
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        gates: dict[bytes, Gate],
        ends: set[asyncio.StreamWriter],
    ) -> None:
        try:
            while data := await reader.read(65_536):
                for words, gate in list(gates.items()):
                    if (place := data.find(words)) >= 0:
                        begin = data.rfind(b"\r\n*", 0, place) + 2 if b"\r\n*" in data[:place] else 0
                        writer.write(data[:begin])
                        data = data[begin:]
                        await gate.go_through()
                writer.write(data)
        except OSError:
            pass
        for end in ends:
            end.transport.abort()


def _closed(gates: dict[bytes, Gate], words: bytes) -> Gate:
    gate = gates[words] = Gate()
    gate.close()
    return gate


@asynccontextmanager
async def gated_line(redis_url: str) -> AsyncIterator[GatedLine]:
    line = GatedLine(redis_url)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    line.url = f"redis://{host}:{port}/0"
    try:
        yield line
    finally:
        server.close()
        line.open()
        line.drop()


class Page(Follower):
    """A follower that is also told when Redis is away."""

    def unavailable(self) -> None:
        self.heard.append("unavailable")
        self._news.set()
