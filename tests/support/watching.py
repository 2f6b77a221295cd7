"""A client that watches jobs as a page does: reconnects by itself, says what it has, and remembers all it was told."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

DEADLINE_SECONDS = 60.0

Job = dict[str, Any]


class Watching:
    """What was seen of each job, in order, in `seen`; what was said besides in `said`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._wanted: set[str] = set()
        self._socket: ClientConnection | None = None
        self._changed = asyncio.Event()
        self.seen: defaultdict[str, list[Job]] = defaultdict(list)
        self.said: list[dict[str, Any]] = []

    async def watch(self, *ids: str) -> None:
        self._wanted |= set(ids)
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._subscribe(self._socket, ids)

    def last(self, job_id: str) -> Job | None:
        return self.seen[job_id][-1] if self.seen[job_id] else None

    async def until(self, job_id: str, enough: Callable[[Job], bool]) -> Job:
        """The first state seen, from now on or before, that is enough. Watches the job if it was not watched."""
        if job_id not in self._wanted:
            await self.watch(job_id)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                for job in self.seen[job_id]:
                    if enough(job):
                        return job
                self._changed.clear()
                await self._changed.wait()

    async def until_final(self, job_id: str) -> Job:
        return await self.until(job_id, lambda job: job["status"] in ("succeeded", "failed", "canceled"))

    async def until_said(self, kind: str) -> dict[str, Any]:
        """The first message of this type."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                for message in self.said:
                    if message["type"] == kind:
                        return message
                self._changed.clear()
                await self._changed.wait()

    async def follow(self) -> None:
        """Connect and read, again and again, until cancelled."""
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidStatus, InvalidMessage, TimeoutError, EOFError):
                async with connect(self._url, max_size=None) as socket:
                    self._socket = socket
                    await self._subscribe(socket, self._wanted)
                    async for text in socket:
                        self._take(json.loads(text))
            self._socket = None
            await asyncio.sleep(0.05)  # the server is away; nothing says when it is back

    async def _subscribe(self, socket: ClientConnection, ids: "set[str] | tuple[str, ...]") -> None:
        if ids:
            versions = {job_id: (self.last(job_id) or {"version": 0})["version"] for job_id in ids}
            await socket.send(json.dumps({"type": "subscribe", "jobs": versions}))

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "job":
            self.seen[message["job"]["id"]].append(message["job"])
        else:
            self.said.append(message)
        self._changed.set()


@contextlib.asynccontextmanager
async def watching(url: str) -> AsyncIterator[Watching]:
    client = Watching(url)
    task = asyncio.create_task(client.follow())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
