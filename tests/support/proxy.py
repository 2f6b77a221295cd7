"""A TCP proxy between any two: it can cut, delay, freeze and throttle the line, and lose one end of it without a word.

It runs on a thread with a loop of its own, so that tests of either kind use it and nothing they do holds it up. Its
kernel buffers are small: what it does not take, the sender soon feels, and what it takes, the sender feels as well.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import quote

from redis.asyncio.connection import parse_url

BUFFER_BYTES = 4 * 1024
"""Of each direction of each socket. The kernel gives room back in lumps of up to all of it: with much more, a line that
is slow but steady would seem to stand still for a second."""
SEGMENT_BYTES = 1448
"""As on a network; one of the loopback's would not fit."""
CHUNK_BYTES = 16 * 1024
STEP_SECONDS = 0.02
"""A throttled line takes its bytes in portions of this length."""
LOOK_SECONDS = 0.01
DELAYED = 256
"""So many chunks of one line are on their way at once."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
ESTABLISHED = 1


class Way(StrEnum):
    UP = "up"
    """From whoever connects, to the target."""
    DOWN = "down"


class _Rule:
    """What happens to the bytes of one way."""

    def __init__(self) -> None:
        self.flows = asyncio.Event()
        self.mend()

    def mend(self) -> None:
        self.flows.set()
        self.delay = 0.0
        self.rate = 0.0


class _Line:
    """A connection to the proxy and the one that the proxy made for it."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near = near
        self.far = far
        self.lost = False
        """Nothing passes any more, and nobody is told."""
        self.given_up = False

    def close(self, *, reset: bool = False) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                else:
                    end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Listens on `port` and hands everything on to `target`: a port of this machine, or the path of a unix socket.

    `mend` ends every fault but for the lines that `cut` or `half_open` took: those are gone. All may be called from any
    thread, and hold when they return.
    """

    def __init__(self, target: int | str) -> None:
        self.target = target
        self.accepted = 0
        """Connections that came, also those that were refused."""
        self.given_up = 0
        """Lines that the target ended while they were frozen."""
        self._loop = asyncio.new_event_loop()
        self._rules = {way: _Rule() for way in Way}
        self._lines: dict[_Line, asyncio.Task[None]] = {}
        self._watching: asyncio.Task[None] | None = None
        self._refuses = False
        self._swallows = False
        self._listener = socket.socket()
        _narrow(self._listener)  # before it listens: what it accepts inherits it
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(4096)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name=f"proxy {self.port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._accepting.cancel)
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self, *, reset: bool = False) -> None:
        """Every line is closed, and new ones as soon as they come. With `reset` they end in an RST, else in a FIN."""
        self._do(self._cut, reset)

    def drop(self, *, reset: bool = False) -> None:
        """Every line is closed; new ones pass."""
        self._do(self._close_all, reset)

    def delay(self, seconds: float, *ways: Way) -> None:
        """Every byte arrives this much later. No `ways`: both."""
        self._do(self._set, ways, lambda rule: setattr(rule, "delay", seconds))

    def throttle(self, bytes_per_second: float, *ways: Way) -> None:
        """So many bytes pass in a second on each line."""
        self._do(self._set, ways, lambda rule: setattr(rule, "rate", bytes_per_second))

    def freeze(self, *ways: Way) -> None:
        """No byte passes; the lines stay, and new ones are taken. What was held passes when it is mended."""
        self._do(self._freeze, ways)

    def half_open(self, *, new_too: bool = False) -> None:
        """The lines there are lose their other end without a FIN: what is sent is swallowed, also after `mend`.

        With `new_too` new lines are taken and swallowed as well, until `mend`.
        """
        self._do(self._lose, new_too)

    def mend(self) -> None:
        self._do(self._mend)

    def _do(self, change: Callable[..., None], *arguments: object) -> None:
        done = threading.Event()

        def there() -> None:
            change(*arguments)
            done.set()

        self._loop.call_soon_threadsafe(there)
        done.wait()

    def _cut(self, reset: bool) -> None:
        self._refuses = True
        self._close_all(reset)

    def _close_all(self, reset: bool) -> None:
        lines, self._lines = self._lines, {}
        for line, task in lines.items():
            task.cancel()
            for end in (line.near, line.far):
                # Now, and not when the cancelled tasks come to it: by then the descriptor may be another's.
                self._loop.remove_reader(end)
                self._loop.remove_writer(end)
            line.close(reset=reset)

    def _set(self, ways: tuple[Way, ...], change: Callable[[_Rule], None]) -> None:
        for way in ways or Way:
            change(self._rules[way])

    def _freeze(self, ways: tuple[Way, ...]) -> None:
        self._set(ways, lambda rule: rule.flows.clear())
        if self._watching is None or self._watching.done():
            self._watching = self._loop.create_task(self._watch())

    def _lose(self, new_too: bool) -> None:
        self._swallows = new_too
        for line in self._lines:
            line.lost = True

    def _mend(self) -> None:
        self._refuses = self._swallows = False
        for rule in self._rules.values():
            rule.mend()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._accepting = self._loop.create_task(self._accept())
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._accepting)
            self._mend()  # which ends the watch
            tasks = [*self._lines.values(), *filter(None, [self._watching])]
            self._close_all(False)
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        finally:
            self._listener.close()
            self._loop.close()

    async def _accept(self) -> None:
        while True:
            near, _ = await self._loop.sock_accept(self._listener)
            self.accepted += 1
            near.setblocking(False)
            far = await self._connect() if not self._refuses else None
            if far is None:
                near.close()
                continue
            line = _Line(near, far)
            line.lost = self._swallows
            self._lines[line] = self._loop.create_task(self._carry(line))

    async def _connect(self) -> socket.socket | None:
        address = self.target if isinstance(self.target, str) else ("127.0.0.1", self.target)
        far = socket.socket(socket.AF_UNIX if address is self.target else socket.AF_INET)
        _narrow(far)
        far.setblocking(False)
        try:
            await self._loop.sock_connect(far, address)
            # Where nobody listens, a socket of this machine may have got that very port and be connected to itself.
            if far.getsockname() != far.getpeername():
                return far
        except OSError:
            pass
        far.close()
        return None

    async def _carry(self, line: _Line) -> None:
        pumps = [
            self._loop.create_task(self._pump(line, line.near, line.far, self._rules[Way.UP])),
            self._loop.create_task(self._pump(line, line.far, line.near, self._rules[Way.DOWN])),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if line.lost:  # whoever still stands there does not hear that the other has gone
                await asyncio.wait(pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._lines.pop(line, None)
            line.close()

    async def _pump(self, line: _Line, source: socket.socket, sink: socket.socket, rule: _Rule) -> None:
        clock = self._loop.time
        free = clock()
        on_the_way = asyncio.Semaphore(DELAYED)
        last: asyncio.Task[None] | None = None
        with contextlib.suppress(OSError):
            while True:
                await rule.flows.wait()
                portion = min(CHUNK_BYTES, int(rule.rate * STEP_SECONDS) or 1) if rule.rate else CHUNK_BYTES
                data = await self._loop.sock_recv(source, portion)
                arrived = clock()
                await rule.flows.wait()
                if not data:
                    break
                if line.lost:
                    continue
                if rule.rate:
                    free = max(free, clock()) + len(data) / rule.rate
                    await asyncio.sleep(free - clock())
                if rule.delay or (last is not None and not last.done()):
                    await on_the_way.acquire()
                    last = self._loop.create_task(self._send_later(sink, data, arrived + rule.delay, last))
                    last.add_done_callback(lambda _: on_the_way.release())
                elif not line.lost:
                    await self._loop.sock_sendall(sink, data)
        if last is not None:
            await asyncio.gather(last, return_exceptions=True)

    async def _send_later(
        self, sink: socket.socket, data: bytes, due: float, before: asyncio.Task[None] | None
    ) -> None:
        await asyncio.sleep(due - self._loop.time())
        if before is not None:
            await before
        with contextlib.suppress(OSError):
            await self._loop.sock_sendall(sink, data)

    async def _watch(self) -> None:
        """Nobody reads a frozen line, so that its end has to be looked for."""
        while not self._rules[Way.DOWN].flows.is_set():
            for line in self._lines:
                if not line.given_up and _has_ended(line.far):
                    line.given_up = True
                    self.given_up += 1
            await asyncio.sleep(LOOK_SECONDS)


def _has_ended(far: socket.socket) -> bool:
    if far.family == socket.AF_UNIX:
        return False
    return bool(far.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED)


def _narrow(end: socket.socket) -> None:
    if end.family != socket.AF_UNIX:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        end.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)


def redis_proxy(redis_url: str) -> tuple[Proxy, str]:
    """A proxy before the Redis at this URL, not yet entered, and the URL that leads through it."""
    to = parse_url(redis_url)
    proxy = Proxy(to["path"] if "path" in to else int(to["port"]))
    password = f":{quote(to['password'], safe='')}@" if "password" in to else ""
    return proxy, f"redis://{password}127.0.0.1:{proxy.port}/0"
