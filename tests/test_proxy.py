"""The proxy with which tests disturb a line does to it what it says."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.support.limner import free_port
from tests.support.proxy import BUFFER_BYTES, CHUNK_BYTES, Proxy, Way

DEADLINE_SECONDS = 20.0


class Echo:
    """Sends back what comes; keeps the ends of its lines."""

    def __init__(self) -> None:
        self.streams: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self.ended.set()
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[tuple[Echo, int]]:
    echo = Echo()
    async with await asyncio.start_server(echo.serve, "127.0.0.1", 0) as server:
        yield echo, server.sockets[0].getsockname()[1]
        for writer in echo.writers:
            writer.transport.abort()


@pytest.fixture
def proxy(echo: tuple[Echo, int]) -> Iterator[Proxy]:
    with Proxy(echo[1]) as proxy:
        yield proxy


class Line:
    """A line through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def answer(self, said: bytes) -> bytes:
        """What comes back for `said`; less where the line ends."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            try:
                self.writer.write(said)
                return await self.reader.readexactly(len(said))
            except asyncio.IncompleteReadError as short:
                return short.partial

    async def is_silent(self, seconds: float = 0.1) -> bool:
        """Nothing comes, not even an end. That nothing happens can only be seen by waiting."""
        try:
            async with asyncio.timeout(seconds):
                await self.reader.read(1)
        except TimeoutError:
            return True
        return False


Connect = Callable[[Proxy], Awaitable[Line]]


@pytest.fixture
async def connected() -> AsyncIterator[Connect]:
    lines = []

    async def connect(proxy: Proxy) -> Line:
        lines.append(Line(*await asyncio.open_connection("127.0.0.1", proxy.port)))
        return lines[-1]

    yield connect
    for line in lines:
        line.writer.transport.abort()
        await asyncio.gather(line.writer.wait_closed(), return_exceptions=True)


@pytest.fixture
async def line(proxy: Proxy, connected: Connect) -> Line:
    return await connected(proxy)


async def test_everything_passes_both_ways(line: Line) -> None:
    said = bytes(range(256)) * 4096
    assert await line.answer(said) == said


async def test_it_also_leads_to_a_unix_socket(tmp_path: Path, connected: Connect) -> None:
    echo = Echo()
    async with await asyncio.start_unix_server(echo.serve, tmp_path / "echo"):
        with Proxy(str(tmp_path / "echo")) as proxy:
            line = await connected(proxy)
            assert await line.answer(b"hello") == b"hello"
            line.writer.close()
        await echo.ended.wait()


async def test_a_cut_line_ends_and_new_ones_end_at_once_until_it_is_mended(
    proxy: Proxy, line: Line, connected: Connect
) -> None:
    assert await line.answer(b"one") == b"one"
    proxy.cut()
    assert await line.answer(b"two") == b""
    assert await (await connected(proxy)).reader.read() == b""
    proxy.mend()
    assert await (await connected(proxy)).answer(b"three") == b"three"


async def test_a_line_can_be_cut_by_a_reset(
    proxy: Proxy, echo: tuple[Echo, int], line: Line, connected: Connect
) -> None:
    assert await line.answer(b"one") == b"one"
    proxy.drop(reset=True)
    with pytest.raises(ConnectionResetError):
        await line.reader.read()
    await asyncio.wait_for(echo[0].ended.wait(), DEADLINE_SECONDS)
    assert await (await connected(proxy)).answer(b"two") == b"two"


async def test_what_is_delayed_arrives_later_whole_and_in_order(proxy: Proxy, line: Line) -> None:
    clock = asyncio.get_running_loop().time
    proxy.delay(0.2, Way.UP)
    begun = clock()
    for number in range(50):
        line.writer.write(b"%04d" % number)
        await asyncio.sleep(0)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await line.reader.readexactly(200) == b"".join(b"%04d" % number for number in range(50))
    assert 0.2 <= clock() - begun < 50 * 0.2  # together, not one after the other
    proxy.mend()
    assert await line.answer(b"soon") == b"soon"


async def test_a_frozen_line_stays_and_what_was_said_arrives_when_it_is_mended(
    proxy: Proxy, line: Line, connected: Connect
) -> None:
    proxy.freeze()
    line.writer.write(b"hello")
    assert await line.is_silent()
    late = await connected(proxy)
    proxy.mend()
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await line.reader.readexactly(5) == b"hello"
    assert await late.answer(b"me too") == b"me too"


async def test_what_a_frozen_line_does_not_take_the_sender_feels_and_its_giving_up_is_counted(
    proxy: Proxy, echo: tuple[Echo, int], line: Line
) -> None:
    assert await line.answer(b"one") == b"one"
    far = echo[0].writers[0]
    far.transport.set_write_buffer_limits(high=0)
    raw = far.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    proxy.freeze(Way.DOWN)
    far.write(bytes(4 * BUFFER_BYTES + CHUNK_BYTES))
    assert far.transport.get_write_buffer_size() > 0
    assert proxy.given_up == 0
    far.transport.abort()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not proxy.given_up:  # noqa: ASYNC110 - the proxy tells nobody
            await asyncio.sleep(0.01)
    assert await line.is_silent()  # nobody has told the one who froze
    proxy.mend()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await line.reader.read(65_536):
            pass


async def test_a_throttled_line_passes_so_many_bytes_a_second(proxy: Proxy, line: Line) -> None:
    clock = asyncio.get_running_loop().time
    rate, amount = 40_000, 20_000
    assert await line.answer(b"one") == b"one"
    proxy.throttle(rate, Way.DOWN)
    begun = clock()
    assert await line.answer(bytes(amount)) == bytes(amount)
    assert clock() - begun >= 0.9 * amount / rate
    proxy.mend()
    assert await line.answer(b"two") == b"two"


async def test_a_half_open_line_swallows_what_is_said_and_tells_nobody(
    proxy: Proxy, echo: tuple[Echo, int], line: Line, connected: Connect
) -> None:
    assert await line.answer(b"one") == b"one"
    proxy.half_open()
    line.writer.write(b"two")
    assert await line.is_silent()
    new = await connected(proxy)
    assert await new.answer(b"three") == b"three"
    echo[0].writers[0].transport.abort()
    assert await line.is_silent()
    proxy.mend()
    line.writer.write(b"four")
    assert await line.is_silent()


async def test_new_lines_are_swallowed_too_until_it_is_mended(proxy: Proxy, connected: Connect) -> None:
    proxy.half_open(new_too=True)
    lost = await connected(proxy)
    lost.writer.write(b"one")
    assert await lost.is_silent()
    proxy.mend()
    assert await lost.is_silent()
    assert await (await connected(proxy)).answer(b"two") == b"two"


async def test_where_nobody_listens_the_line_ends(echo: tuple[Echo, int], connected: Connect) -> None:
    with Proxy(free_port()) as proxy:
        line = await connected(proxy)
        assert await line.reader.read() == b""
        proxy.target = echo[1]
        assert await (await connected(proxy)).answer(b"there") == b"there"
