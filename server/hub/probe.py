"""The probe: goes out among the commands, and must come in among the events.

A connection that lost its other end without a word stands for ever and brings nothing. And two connections that both
stand may lead to different places. So a message to ourselves goes round, whether anybody talks or not.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from itertools import count

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from server.hub.counters import Counters
from storage.connect import store_errors
from storage.errors import StoreUnavailable
from storage.events import Events
from storage.keys import Keys
from storage.logs import Event, log_error

RETRY_SECONDS = 1.0
"""When a probe could not be sent, the next one goes after this long: nothing was learned of the event connection."""

LATE_SECONDS = 0.05
"""What a probe that is overdue still waits: if it was this process that stood still, it is here, but not read."""


class Probe:
    """Probes every `every` seconds, and at once when a connection is made.

    `on_deaf()` is called when the event connection stands but does not bring what it must within `answer` seconds.
    A probe that could not be published says nothing against it: before each one it has answered for itself, by
    acknowledging the probe's channel once more.
    """

    def __init__(
        self,
        client: Redis,
        events: Events,
        keys: Keys,
        counters: Counters,
        *,
        every: float,
        answer: float,
        on_deaf: Callable[[], None],
    ) -> None:
        self.channel = keys.probe(secrets.token_hex(8)).encode()
        self._client = client
        self._events = events
        self._counters = counters
        self._every = every
        self._answer = answer
        self._on_deaf = on_deaf
        self._numbers = count(1)
        self._under_way: dict[bytes, asyncio.Future[None]] = {}
        self._came_back: float | None = None
        self._due = asyncio.Event()

    @property
    def fresh(self) -> bool:
        """Whether the newest probe came back, over the connection that stands, no longer ago than the next may take."""
        now = asyncio.get_running_loop().time()
        return self._came_back is not None and now - self._came_back <= self._every + self._answer

    def on_up(self) -> None:
        self._due.set()

    def on_down(self) -> None:
        self._came_back = None
        for back in self._under_way.values():
            back.cancel()

    def on_message(self, data: bytes) -> None:
        back = self._under_way.get(data)
        if back is not None and not back.done():
            back.set_result(None)

    async def run(self) -> None:
        """Probe, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            self._due.clear()
            came = await self.goes_round()
            pause = self._every if came else min(self._every, RETRY_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(begun + pause if self._events.up else None):
                    await self._due.wait()

    async def goes_round(self) -> bool:
        """Send a probe and wait for it. True: every event that was published before this call has been handled."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        number = b"%d" % next(self._numbers)
        back = self._under_way[number] = loop.create_future()
        came = False
        try:
            if await self._arrives(self._events.subscribe(self.channel)):
                published = loop.time()
                with store_errors():
                    await self._client.publish(self.channel, number)
                if came := await self._arrives(back):
                    self._came_back = loop.time()
                    self._counters.probes.append(self._came_back - published)
        except StoreUnavailable:
            pass
        except ResponseError as error:
            log_error(Event.CRASHED, exception=error)
        finally:
            del self._under_way[number]
            if not came and self._came_back is not None and self._came_back < begun:
                self._came_back = None
        return came

    async def _arrives(self, answer: "asyncio.Future[None]") -> bool:
        """A connection that is lost meanwhile cancels what it owed, and has nothing to answer for."""
        for seconds in (self._answer, LATE_SECONDS):
            await asyncio.wait([answer], timeout=seconds)
            if answer.done():
                return not answer.cancelled()
        self._on_deaf()
        return False
