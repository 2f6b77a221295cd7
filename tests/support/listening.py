"""Listening to Redis as a server process does, and waiting for what is to become so."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from storage.events import Events
from storage.records.encoding import decode
from storage.records.job import Job

DEADLINE_SECONDS = 20.0


class Listener:
    """A connection for events. What it is told goes into `messages`, its ups and downs into `told`."""

    def __init__(self, url: str) -> None:
        self.messages: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.events = Events(
            SecretStr(url),
            on_message=lambda channel, data: self.messages.put_nowait((channel, data)),
            on_up=lambda: self.told.put_nowait("up"),
            on_down=lambda: self.told.put_nowait("down"),
        )

    async def __aenter__(self) -> Self:
        self.events.start()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.events.aclose()

    async def until_told(self) -> str:
        return await asyncio.wait_for(self.told.get(), DEADLINE_SECONDS)

    async def subscribe(self, channel: str) -> None:
        await asyncio.wait_for(self.events.subscribe(channel.encode()), DEADLINE_SECONDS)

    async def message(self) -> bytes:
        """The next message that came, or comes."""
        _, data = await asyncio.wait_for(self.messages.get(), DEADLINE_SECONDS)
        return data

    async def job(self) -> Job:
        return decode(await self.message())

    async def final_job(self) -> Job:
        while not (job := await self.job()).final:
            pass
        return job


async def eventually(true: Callable[[], Awaitable[object]]) -> None:
    """Look until `true` answers something that is. Fails at the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await true():  # noqa: ASYNC110 - nothing says when Redis' own state changes
            await asyncio.sleep(0.005)
