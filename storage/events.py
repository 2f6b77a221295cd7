"""The pub/sub connection: one per server process, with one owner.

It speaks RESP over hiredis itself. redis-py's PubSub reconnects without a word, and a subscriber that does not know
that its connection was made anew cannot know that it missed something. Here a lost connection is told at once, and each
SUBSCRIBE has an acknowledgement that can be waited for: what is published after it arrives, or the loss is told.
"""

import asyncio
import contextlib
import random
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, cast

import hiredis
from pydantic import SecretStr
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection, parse_url

from storage.errors import StoreUnavailable
from storage.tasks import end

RECONNECT_FIRST = 0.05
RECONNECT_MOST = 2.0
CONNECT_SECONDS = 2.0
LIVED_SECONDS = 5.0


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class _Resp(asyncio.Protocol):
    """One connection. Everything that arrives in one chunk is handled in one turn of the loop."""

    def __init__(self, events: "Events") -> None:
        self._events = events
        self._reader = hiredis.Reader()
        self._greeting: deque[asyncio.Future[None]] = deque()
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                self._handle(reply)
        except hiredis.ProtocolError:
            self.abort()

    def _handle(self, reply: Any) -> None:
        if type(reply) is list:
            word = reply[0]
            if word == b"message":
                self._events.on_message(reply[1], reply[2])
            elif word == b"subscribe":
                self._events._acknowledged(reply[1])
        elif self._greeting:
            waiting = self._greeting.popleft()
            if isinstance(reply, hiredis.ReplyError):
                waiting.set_exception(StoreUnavailable(str(reply)))
            else:
                waiting.set_result(None)
        elif isinstance(reply, hiredis.ReplyError):
            self.abort()

    async def greet(self, *words: bytes) -> None:
        """Send a command whose answer is a plain word, before the first SUBSCRIBE."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._greeting.append(answer)
        self.write(_command(*words))
        await answer

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        for waiting in self._greeting:
            if not waiting.done():
                waiting.set_exception(StoreUnavailable("the connection was lost"))
        if not self.lost.done():
            self.lost.set_result(None)


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
        self._connection: _Resp | None = None
        self._waiting: defaultdict[bytes, deque[asyncio.Future[None]]] = defaultdict(deque)
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

    def subscribe(self, channel: bytes) -> asyncio.Future[None]:
        """Subscribe, and answer a future of the acknowledgement. It is cancelled if the connection is lost before.

        Raises StoreUnavailable while there is no connection.
        """
        if self._connection is None:
            raise StoreUnavailable("no connection")
        acknowledgement: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[channel].append(acknowledgement)
        self._connection.write(_command(b"SUBSCRIBE", channel))
        return acknowledgement

    def unsubscribe(self, channel: bytes) -> None:
        if self._connection is not None:
            self._connection.write(_command(b"UNSUBSCRIBE", channel))

    def _acknowledged(self, channel: bytes) -> None:
        waiting = self._waiting.get(channel)
        if waiting is None:
            return
        acknowledgement = waiting.popleft()
        if not waiting:
            del self._waiting[channel]
        if not acknowledgement.done():
            acknowledgement.set_result(None)

    async def _own(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = RECONNECT_FIRST
        while True:
            begun = clock()
            with contextlib.suppress(OSError, StoreUnavailable, TimeoutError):
                await self._stand(await asyncio.wait_for(self._connect(), CONNECT_SECONDS))
            # One that was lost at once counts as none: a user who may not subscribe is cut off every time.
            pause = RECONNECT_FIRST if clock() - begun > LIVED_SECONDS else min(RECONNECT_MOST, pause * 2)
            await asyncio.sleep(random.uniform(0, pause))

    async def _stand(self, connection: _Resp) -> None:
        self._connection = connection
        try:
            self._on_up()
            await connection.lost
        finally:
            self._connection = None
            connection.abort()
            self._forget_waiting()
        self._on_down()

    def _forget_waiting(self) -> None:
        waiting, self._waiting = self._waiting, defaultdict(deque)
        for futures in waiting.values():
            for acknowledgement in futures:
                acknowledgement.cancel()

    async def _connect(self) -> _Resp:
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = dict(parse_url(self._url.get_secret_value()))
        kind = options.get("connection_class")
        if kind is UnixDomainSocketConnection:
            _, protocol = await loop.create_unix_connection(lambda: _Resp(self), options["path"])
        else:
            _, protocol = await loop.create_connection(
                lambda: _Resp(self),
                options.get("host", "localhost"),
                int(options.get("port", 6379)),
                ssl=_tls(options) if kind is SSLConnection else None,
            )
        try:
            if options.get("password"):
                words = [options["username"]] if options.get("username") else []
                await protocol.greet(b"AUTH", *(str(word).encode() for word in [*words, options["password"]]))
            await protocol.greet(b"PING")
        except BaseException:
            protocol.abort()
            raise
        return protocol


def _tls(options: dict[str, Any]) -> Any:
    """The context that the command connections use for the same URL."""
    return SSLConnection(
        **{name: value for name, value in options.items() if name != "connection_class"}
    ).ssl_context.get()
