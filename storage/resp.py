"""One connection to Redis that speaks RESP over hiredis, made in the one way that events and commands share.

A password, a user, TLS and Unix sockets are what redis-py understands the same URL to mean.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import hiredis
from pydantic import SecretStr
from redis import RedisError
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection, parse_url

from storage.errors import StoreUnavailable

CONNECT_SECONDS = 2.0

pack: Callable[[tuple[str | bytes | int | float, ...]], bytes] = cast(Any, hiredis.pack_command)
"""One command as it goes over the line."""

_IDLE_SECONDS = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))  # the second is macOS'

KEEPALIVE: dict[int, int] = {
    **({_IDLE_SECONDS: 30} if _IDLE_SECONDS is not None else {}),
    socket.TCP_KEEPINTVL: 10,
    socket.TCP_KEEPCNT: 3,
}
"""The kernel asks after 30 s of silence, and gives up after three questions 10 s apart."""


def network_options(options: dict[str, Any]) -> dict[str, Any]:
    """What redis-py's connections are to be given beyond the URL's own `options`, for it to mean the same there.

    `rediss://` means that the certificate is for this host, too, unless the URL says otherwise.
    """
    kind = options.get("connection_class")
    if kind is UnixDomainSocketConnection:
        return {}
    verified = kind is SSLConnection and options.get("ssl_cert_reqs") != "none"
    return {
        "socket_keepalive": True,
        "socket_keepalive_options": KEEPALIVE,
        **({"ssl_check_hostname": True} if verified else {}),
    }


PIECE_BYTES = 4 * 1024
"""After every kilobyte that was read hiredis moves all the rest that it was fed: of a long chunk, over and over."""


class Resp(asyncio.Protocol):
    """One connection. All replies that arrive in one chunk are handed to `on_reply` in one turn of the loop.

    `on_reply(reply)` gets what hiredis made of it (bytes, int, list, None, hiredis.ReplyError) and must not block.
    Until it is set a reply that nobody asked for ends the connection.
    """

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._asked: deque[asyncio.Future[None]] = deque()
        self._transport: asyncio.Transport | None = None
        self.on_reply: Callable[[Any], None] = self._on_greeting
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        on_reply = self.on_reply
        try:
            for start in range(0, len(data), PIECE_BYTES):
                reader.feed(data, start, min(PIECE_BYTES, len(data) - start))
                while (reply := reader.gets()) is not False:
                    on_reply(reply)
        except hiredis.ProtocolError:
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        for waiting in self._asked:
            if not waiting.done():
                waiting.set_exception(StoreUnavailable("the connection was lost"))
        if not self.lost.done():
            self.lost.set_result(None)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def greet(self, options: dict[str, Any], *, db: int) -> None:
        """Say who calls and which database is meant. To be done before `on_reply` is set.

        Raises StoreUnavailable with Redis' own words where it refuses.
        """
        user, password = options.get("username"), options.get("password")
        if user or password:
            await self._ask("AUTH", *([user] if user else []), password or "")
        if db:
            await self._ask("SELECT", str(db))
        await self._ask("PING")

    async def _ask(self, *words: str) -> None:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self.write(pack(words))
        await answer

    def _on_greeting(self, reply: Any) -> None:
        if not self._asked:
            self.abort()
            return
        waiting = self._asked.popleft()
        if waiting.done():
            return
        if isinstance(reply, hiredis.ReplyError):
            waiting.set_exception(StoreUnavailable(str(reply)))
        else:
            waiting.set_result(None)


async def open_connection(url: SecretStr, *, commands: bool) -> Resp:
    """A connection to the Redis at `url` that has said who it is; for `commands` in the database that the URL names.

    Raises StoreUnavailable where none stands within CONNECT_SECONDS.
    """
    options: dict[str, Any] = dict(parse_url(url.get_secret_value()))
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await _dial(options)
            try:
                await connection.greet(options, db=int(options.get("db", 0)) if commands else 0)
            except BaseException:
                connection.abort()
                raise
            return connection
    except TimeoutError:
        raise StoreUnavailable(f"no answer within {CONNECT_SECONDS:g} s of connecting") from None
    except (OSError, ValueError, RedisError) as error:  # the last two from a host or a certificate that is none
        raise StoreUnavailable(str(error) or type(error).__name__) from error


async def _dial(options: dict[str, Any]) -> Resp:
    loop = asyncio.get_running_loop()
    kind = options.get("connection_class")
    if kind is UnixDomainSocketConnection:
        _, connection = await loop.create_unix_connection(Resp, options["path"])
        return connection
    transport, connection = await loop.create_connection(
        Resp,
        options.get("host", "localhost"),
        int(options.get("port", 6379)),
        ssl=_tls(options) if kind is SSLConnection else None,
    )
    if (own := transport.get_extra_info("socket")) is not None:
        _keep_alive(own)
    return connection


def _keep_alive(own: socket.socket) -> None:
    with contextlib.suppress(OSError):
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            own.setsockopt(socket.IPPROTO_TCP, name, value)


def _tls(options: dict[str, Any]) -> Any:
    """The context that redis-py's connections use for the same URL."""
    given = {name: value for name, value in options.items() if name != "connection_class"}
    return SSLConnection(**network_options(options) | given).ssl_context.get()
