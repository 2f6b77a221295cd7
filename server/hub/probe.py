"""The probe: goes out among the commands, and must come in among the events.

A connection that lost its other end without a word stands for ever and brings nothing. And two connections that both
stand may lead to different places. So a message to ourselves goes round, whether anybody talks or not.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from itertools import count

from server.hub.counters import Counters
from storage.commands import Commands
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

    A probe goes out by each of `ways`, which are those by which jobs are written and read, and has come back when it
    came by all of them: what one of them reads from another place than the events come from is worth nothing.

    `on_back()` is called for each that came back.
    `on_deaf()` is called when the event connection stands but does not bring what it must within `answer` seconds.
    A probe that could not be published says nothing against it: before each one it has answered for itself, by
    acknowledging the probe's channel once more.
    """

    def __init__(
        self,
        ways: Sequence[Commands],
        events: Events,
        keys: Keys,
        counters: Counters,
        *,
        every: float,
        answer: float,
        on_deaf: Callable[[], None],
        on_back: Callable[[], None],
    ) -> None:
        self.channel = keys.probe(secrets.token_hex(8)).encode()
        self._ways = ways
        self._events = events
        self._counters = counters
        self._every = every
        self._answer = answer
        self._on_deaf = on_deaf
        self._on_back = on_back
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
        backs = {b"%d" % next(self._numbers): loop.create_future() for _ in self._ways}
        self._under_way |= backs
        came = False
        try:
            if await self._arrives(self._events.subscribe(self.channel)):
                published = loop.time()
                for way, number in zip(self._ways, backs, strict=True):
                    await way.ask([(b"PUBLISH", self.channel, number)])
                came = await self._arrives(*backs.values())
                if came:
                    self._came_back = loop.time()
                    self._counters.probes.append(self._came_back - published)
                    self._on_back()
        except StoreUnavailable:
            pass
        except Exception as error:  # whatever it is, the next one may come back
            log_error(Event.CRASHED, exception=error)
        finally:
            for number in backs:
                del self._under_way[number]
            if not came and self._came_back is not None and self._came_back < begun:
                self._came_back = None
        return came

    async def _arrives(self, *answers: "asyncio.Future[None]") -> bool:
        """A connection that is lost meanwhile cancels what it owed, and has nothing to answer for."""
        for seconds in (self._answer, LATE_SECONDS):
            await asyncio.wait(answers, timeout=seconds)
            if all(answer.done() for answer in answers):
                return not any(answer.cancelled() for answer in answers)
        self._on_deaf()
        return False
