"""A WebSocket client as a program would have one: the `websockets` library's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

DEADLINE_SECONDS = 20.0

Message = dict[str, Any]


class Client:
    """One socket. `heard` holds every message that came, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Message] = []

    async def next(self) -> Message:
        text = await asyncio.wait_for(self.connection.recv(), DEADLINE_SECONDS)
        assert isinstance(text, str), "the server sends text only"
        message: Message = json.loads(text)
        self.heard.append(message)
        return message

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """Read up to the first message that is wanted."""
        while not wanted(message := await self.next()):
            pass
        return message

    async def until_type(self, kind: str) -> Message:
        return await self.until(lambda message: message["type"] == kind)

    async def until_status(self, job_id: str, status: str) -> Message:
        """Read up to the state of this job that has this status. Answers the record."""
        message = await self.until(
            lambda message: (
                message["type"] == "job" and (message["job"]["id"], message["job"]["status"]) == (job_id, status)
            )
        )
        job: Message = message["job"]
        return job

    async def say(self, **message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, *job_ids: str, seen: int = 0) -> list[Message]:
        """Subscribe, and read up to `subscribed`. Answers what came before it."""
        await self.say(type="subscribe", jobs=dict.fromkeys(job_ids, seen))
        before = len(self.heard)
        await self.until_type("subscribed")
        return self.heard[before:-1]

    async def answer_to_ping(self) -> list[Message]:
        """Ask for a pong, and answer everything that came before it: what the server had to say by then."""
        before = len(self.heard)
        await self.say(type="ping")
        await self.until_type("pong")
        return self.heard[before:-1]

    async def closed(self) -> tuple[int, str]:
        """Read up to the end. Answers the code and the reason of the close."""
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            end = closed
        assert end.rcvd is not None, "the connection was cut off without a close"
        return end.rcvd.code, end.rcvd.reason

    def states_of(self, job_id: str) -> list[Message]:
        return [message["job"] for message in self.heard if message["type"] == "job" and message["job"]["id"] == job_id]


def ws_url(base: str, jobs: Iterable[str] = ()) -> str:
    query = urlencode([("job", job_id) for job_id in jobs])
    return f"{base}?{query}" if query else base


@asynccontextmanager
async def client(base: str, *jobs: str, **options: Any) -> AsyncIterator[Client]:
    """A socket that has just been opened; nothing of it was read. `jobs` go into the URL."""
    async with connect(ws_url(base, jobs), compression=None, ping_interval=None, **options) as connection:
        yield Client(connection)


def versions(states: Iterable[Message]) -> list[int]:
    return [state["version"] for state in states]
