"""The pub/sub connection: one per server process, with one owner.

It speaks RESP over hiredis itself. redis-py's PubSub reconnects without a word, and a subscriber that does not know
that its connection was made anew cannot know that it missed something. Here a lost connection is told at once, and each
SUBSCRIBE has an acknowledgement that can be waited for: what is published after it arrives, or the loss is told.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import hiredis
from pydantic import SecretStr

from storage.errors import StoreUnavailable
from storage.logs import Event, log_error
from storage.resp import Resp, open_connection, pack
from storage.tasks import end

RECONNECT_FIRST = 0.05
RECONNECT_MOST = 1.0
LIVED_SECONDS = 5.0


class _Asked:
    """A SUBSCRIBE, and how many of its channels are not acknowledged yet."""

    __slots__ = ("acknowledgement", "owed")

    def __init__(self, acknowledgement: asyncio.Future[None], owed: int) -> None:
        self.acknowledgement = acknowledgement
        self.owed = owed


class Events:
    """Listens to channels. Reconnects by itself, with full jitter, and says so.

    `on_message(channel, data)` is called for each message, `on_up()` when a connection stands with nothing subscribed
    on it yet, `on_down()` when it is lost. All three are called in the event loop and must not block.
    """

    def __init__(
        self,
        url: SecretStr,
        *,
        on_message: Callable[[bytes, bytes], None],
        on_up: Callable[[], None],
        on_down: Callable[[], None],
    ) -> None:
        self._url = url
        self.on_message = on_message
        self._on_up = on_up
        self._on_down = on_down
        self._connection: Resp | None = None
        self.refusal: str | None = None
        """In Redis' own words, what the connection that was lost last was refused; none if it was lost otherwise."""
        # Redis acknowledges channel by channel, in the order in which it was asked: each with how many are still owed.
        self._asked: deque[_Asked] = deque()
        self._owner: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        return self._connection is not None

    def start(self) -> None:
        self._owner = asyncio.create_task(self._own(), name="redis events")

    async def aclose(self) -> None:
        if self._owner is not None:
            await end(self._owner)
            self._owner = None

    def subscribe(self, *channels: bytes) -> asyncio.Future[None]:
        """Subscribe with one command, and answer a future of its acknowledgement, which is that of the last channel.

        It is cancelled if the connection is lost before. A channel that is subscribed to already is acknowledged again.
        Raises StoreUnavailable while there is no connection.
        """
        if self._connection is None:
            raise StoreUnavailable("no connection")
        acknowledgement: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(_Asked(acknowledgement, len(channels)))
        self._connection.write(pack((b"SUBSCRIBE", *channels)))
        return acknowledgement

    def unsubscribe(self, *channels: bytes) -> None:
        if self._connection is not None:
            self._connection.write(pack((b"UNSUBSCRIBE", *channels)))

    def reconnect(self) -> None:
        """Drop the connection, for one that stands but brings nothing: `on_down()`, and as after any loss `on_up()`."""
        if self._connection is not None:
            self._connection.abort()

    def _on_reply(self, reply: Any) -> None:
        if type(reply) is list:
            word = reply[0]
            if word == b"message":
                on_message = self.on_message
                on_message(reply[1], reply[2])
            elif word == b"subscribe":
                self._acknowledged()
        elif isinstance(reply, hiredis.ReplyError) and self._connection is not None:
            self.refusal = str(reply)
            self._connection.abort()

    def _acknowledged(self) -> None:
        asked = self._asked[0]
        asked.owed -= 1
        if asked.owed == 0:
            self._asked.popleft()
            if not asked.acknowledgement.done():
                asked.acknowledgement.set_result(None)

    async def _own(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = RECONNECT_FIRST
        while True:
            begun = clock()
            try:
                await self._stand(await open_connection(self._url, commands=False))
            except StoreUnavailable:
                pass
            except Exception as error:  # whatever it was, the next connection may stand
                log_error(Event.CRASHED, exception=error)
            # One that was lost at once counts as none: a user who may not subscribe is cut off every time.
            pause = RECONNECT_FIRST if clock() - begun > LIVED_SECONDS else min(RECONNECT_MOST, pause * 2)
            await asyncio.sleep(random.uniform(0, pause))

    async def _stand(self, connection: Resp) -> None:
        self._connection = connection
        self.refusal = None
        connection.on_reply = self._on_reply
        try:
            self._on_up()
            await connection.lost
        finally:
            self._connection = None
            connection.abort()
            self._forget_asked()
        self._on_down()

    def _forget_asked(self) -> None:
        forgotten, self._asked = self._asked, deque()
        for asked in forgotten:
            asked.acknowledgement.cancel()
