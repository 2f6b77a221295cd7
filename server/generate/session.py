"""Watching a set until its end: over the WebSocket, and between two attempts at one by asking over HTTP."""

import asyncio
import random
import time
from typing import Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from server.generate.address import Address
from server.generate.api import Api
from server.generate.errors import NotLimner, Unreachable
from server.generate.messages import Goodbye, Message, Missing, News, Trouble, Unintelligible, read_frame, subscribe
from server.generate.patience import GIVE_UP_SECONDS, MOST_SECONDS, full_jitter
from server.generate.state import CharacterSet
from server.hub.codes import comes_again
from storage.records.job import JsonObject

OPEN_SECONDS = 5.0
"""A WebSocket that is not open, or has said nothing, by then is taken for one that does not work here."""
YOUNG_SECONDS = 10.0
TICK_SECONDS = 1.0
RESUBMIT_SECONDS = 60.0
"""A set that the server has forgotten this soon after it was accepted is submitted again, under its id."""


class Display(Protocol):
    """Shows how far a set is, and, where something is in the way, a sentence about it."""

    def show(self, characters: CharacterSet) -> None: ...

    def note(self, sentence: str | None) -> None: ...


class Session:
    """One client of one set, from the POST to the end."""

    def __init__(
        self, characters: CharacterSet, wanted: JsonObject, api: Api, address: Address, display: Display
    ) -> None:
        self._characters = characters
        self._wanted = wanted
        self._api = api
        self._address = address
        self._display = display
        self._accepted = self._heard = 0.0
        self._attempt = 0
        self._come_back: float | None = None
        self._no_websocket = False

    async def run(self) -> None:
        """Have the set made. Returns when it and all its portraits have come to their end.

        Raises Unreachable after a minute without a connection, Refused, NotLimner.
        """
        job = await self._api.submit(self._wanted)
        self._accepted = self._heard = time.monotonic()
        try:
            await self._take_in(News(job))
            while not self._characters.finished:
                if not self._no_websocket:
                    await self._over_websocket()
                if not self._characters.finished:
                    await self._over_http(self._pause())
        except Unintelligible:
            raise NotLimner(str(self._address)) from None

    async def _over_websocket(self) -> None:
        """Talk over one WebSocket for as long as there is one."""
        url = self._address.websocket([self._characters.id])
        begun = time.monotonic()
        try:
            async with connect(
                url, additional_headers=self._api.headers, open_timeout=OPEN_SECONDS, close_timeout=1, compression=None
            ) as socket:
                await self._converse(socket)
        except ConnectionClosed as closed:
            self._no_websocket = closed.rcvd is not None and not comes_again(closed.rcvd.code)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, EOFError):
            pass
        lived = time.monotonic() - begun
        self._attempt = 0 if lived > YOUNG_SECONDS else self._attempt + 1

    async def _converse(self, socket: ClientConnection) -> None:
        subscribed = {self._characters.id}
        async with asyncio.timeout(OPEN_SECONDS):
            text: str | bytes | None = await socket.recv()
        self._connected()
        try:
            while True:
                if text is not None:
                    await self._take_in(read_frame(text))
                self._characters.tick(time.monotonic())
                if self._characters.finished:
                    return
                wanted = self._characters.wanted()
                if fresh := {job_id: version for job_id, version in wanted.items() if job_id not in subscribed}:
                    await socket.send(subscribe(fresh))
                    subscribed |= fresh.keys()
                text = await _next(socket)
        finally:
            self._heard = time.monotonic()

    async def _over_http(self, seconds: float) -> None:
        """Spend the time until the next attempt at a WebSocket on asking. Raises Unreachable."""
        until = time.monotonic() + seconds
        etag: str | None = None
        while True:
            left = max(0.0, until - time.monotonic())
            try:
                poll = await self._api.poll(self._characters.wanted(), etag, left)
            except httpx.TransportError:
                if time.monotonic() - self._heard > GIVE_UP_SECONDS:
                    raise Unreachable(str(self._address)) from None
                self._display.note("Reconnecting…")
                await asyncio.sleep(max(0.0, until - time.monotonic()))
                return
            etag = poll.etag
            self._connected()
            for message in poll.messages:
                await self._take_in(message)
            self._characters.tick(time.monotonic())
            left = until - time.monotonic()
            if self._characters.finished or left <= 0:
                return
            # An answer that was held need not be waited for again; one that came at once is what Retry-After is for.
            await asyncio.sleep(min(left, TICK_SECONDS if poll.messages else poll.retry_after))

    async def _take_in(self, message: Message | None) -> None:
        match message:
            case None:
                return
            case Trouble(sentence):
                self._display.note(sentence)
                return
            case Goodbye(seconds):
                self._come_back = seconds
                return
            case Missing(job_id, expired=False) if job_id == self._characters.id:
                if time.monotonic() - self._accepted < RESUBMIT_SECONDS:
                    await self._api.submit(self._wanted)
                else:
                    message = Missing(job_id, expired=True)
        self._characters.receive(message, time.monotonic())
        self._display.note(None)
        self._display.show(self._characters)

    def _connected(self) -> None:
        self._heard = time.monotonic()
        self._display.note(None)

    def _pause(self) -> float:
        if self._no_websocket:
            return MOST_SECONDS
        share = random.random()
        seconds, self._come_back = self._come_back, None
        return share * seconds if seconds is not None else full_jitter(self._attempt, share)


async def _next(socket: ClientConnection) -> str | bytes | None:
    """The next message, or none when a second went by without one."""
    try:
        async with asyncio.timeout(TICK_SECONDS):
            return await socket.recv()
    except TimeoutError:
        return None
