"""The server's small reads: one connection that all callers share, with their commands in one pipeline.

redis-py gives each caller a connection of its own and spends more on a short read than all the rest of the request
does. Here the commands of one turn of the loop leave in one write, and answers are handed out in their order.
"""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
from pydantic import SecretStr

from storage.commands import Command
from storage.connect import refusal
from storage.errors import StoreUnavailable
from storage.resp import Resp, open_connection, pack
from storage.tasks import end

PAUSE_FIRST = 0.05
PAUSE_MOST = 2.0

LATE_SECONDS = 0.05
"""What a call that is overdue still waits: if it was this process that stood still, its answer only has to be read."""


class _Call:
    """What one caller waits for. It keeps its place in the order when the caller has gone."""

    __slots__ = ("answer", "expected", "replies", "since")

    def __init__(self, answer: asyncio.Future[list[Any]], expected: int, since: float) -> None:
        self.answer = answer
        self.expected = expected
        self.since = since
        self.replies: list[Any] = []


class Line:
    """Commands over one connection, made at the first call and again at the first call after it was lost.

    A call that is not answered within `seconds` fails together with all that wait, and the connection is dropped: it
    may be one that leads nowhere. After a connection that could not be made calls fail at once, until a pause is over
    that grows to PAUSE_MOST seconds. `aclose()` it in the end.
    """

    def __init__(self, url: SecretStr, *, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._connection: Resp | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._waiting: deque[_Call] = deque()
        self._unsent: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._refused: StoreUnavailable | None = None
        self._pause = PAUSE_FIRST
        self._again_at = 0.0
        self._closed = False

    def ask(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """The answers to the commands, in one round trip; see `Commands`. To be awaited, in the event loop."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        answer: asyncio.Future[list[Any]] = loop.create_future()
        if not commands:
            answer.set_result([])
            return answer
        packed = b"".join(map(pack, commands))
        if self._connection is None:
            self._see_to_a_connection(loop, now)
        elif not self._unsent:
            loop.call_soon(self._send)
        self._unsent.append(packed)
        self._waiting.append(_Call(answer, len(commands), now))
        if self._watch is None:
            self._watch = loop.call_at(now + self._seconds, self._look)
        return answer

    @property
    def stands(self) -> bool:
        """Whether there is a connection, wherever it leads."""
        return self._connection is not None

    def renew(self) -> None:
        """Give the connection up, with all who wait: whoever calls this knows better that it leads nowhere."""
        if self._connection is not None:
            self._drop(StoreUnavailable("the connection is made anew"))

    async def aclose(self) -> None:
        self._closed = True
        if self._dialling is not None:
            await end(self._dialling)
        self._drop(StoreUnavailable("the line is closed"))

    def _see_to_a_connection(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        if self._closed:
            raise StoreUnavailable("the line is closed")
        if self._dialling is not None:
            return
        if self._refused is not None and now < self._again_at:
            raise StoreUnavailable(self._refused.detail)
        self._dialling = loop.create_task(self._dial(), name="redis line")

    async def _dial(self) -> None:
        try:
            connection = await open_connection(self._url, commands=True)
        except StoreUnavailable as error:
            self._failed(error)
        else:
            self._refused, self._pause = None, PAUSE_FIRST
            self._connection = connection
            connection.on_reply = self._on_reply
            connection.lost.add_done_callback(lambda _: self._on_lost(connection))
            self._send()
        finally:
            if self._dialling is asyncio.current_task():
                self._dialling = None

    def _failed(self, error: StoreUnavailable) -> None:
        self._refused = error
        self._again_at = asyncio.get_running_loop().time() + random.uniform(0.5, 1) * self._pause
        self._pause = min(PAUSE_MOST, self._pause * 2)
        self._drop(error)

    def _send(self) -> None:
        if self._connection is not None and self._unsent:
            self._connection.write(b"".join(self._unsent))
            self._unsent.clear()

    def _on_reply(self, reply: Any) -> None:
        if not self._waiting:
            self._drop(StoreUnavailable("an answer came that nobody asked for"))
            return
        call = self._waiting[0]
        call.replies.append(reply)
        if len(call.replies) < call.expected:
            return
        self._waiting.popleft()
        if call.answer.done():
            return
        for reply in call.replies:
            if isinstance(reply, hiredis.ReplyError):
                call.answer.set_exception(refusal(str(reply)))
                return
        call.answer.set_result(call.replies)

    def _on_lost(self, connection: Resp) -> None:
        if connection is self._connection:
            self._drop(StoreUnavailable("the connection was lost"))

    def _look(self, overdue: _Call | None = None) -> None:
        """One timer for all: the first to wait is the first that can be overdue."""
        self._watch = None
        if not self._waiting:
            return
        loop = asyncio.get_running_loop()
        first = self._waiting[0]
        due = first.since + self._seconds
        if due > loop.time():
            self._watch = loop.call_at(due, self._look)
        elif first is overdue:
            self._give_up()
        else:
            self._watch = loop.call_later(LATE_SECONDS, self._look, first)

    def _give_up(self) -> None:
        error = StoreUnavailable(f"no answer within {self._seconds:g} s")
        if self._dialling is not None:
            self._dialling.cancel()
            self._dialling = None
            self._failed(error)
        else:
            self._drop(error)

    def _drop(self, error: StoreUnavailable) -> None:
        connection, self._connection = self._connection, None
        waiting, self._waiting = self._waiting, deque()
        self._unsent.clear()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if connection is not None:
            connection.on_reply = _ignore
            connection.abort()
        for call in waiting:
            if not call.answer.done():
                call.answer.set_exception(StoreUnavailable(error.detail))


def _ignore(_: Any) -> None:
    """What still comes over a connection that was given up."""
