"""What becomes of a socket, and how it is counted; the server's side and the client's in one process."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from server.hub.codes import ABNORMAL, NO_CODE, OTHER, CloseCode
from server.hub.connection import Limits
from server.hub.counters import Counters, Transport
from server.hub.hub import Hub
from server.hub.messages import goodbye
from server.hub.outbox import MESSAGES_WAITING
from server.hub.wire import PIECE_BYTES
from storage.jobs import JobStore
from storage.keys import Keys
from tests.server.support.client import client
from tests.server.support.player import Player
from tests.server.support.raw import BINARY, CLOSE, PING, TEXT, frame
from tests.server.support.serving import Serving, serving
from tests.server.support.slow import SlowReader, deaf_socket

PREVIEW = "data:image/webp;base64," + "A" * 8_000
LIMITS = Limits(slow=0.3)
REASON = b"the server stops"
CLOSED = bytes((0x88, 2 + len(REASON))) + CloseCode.DRAIN.to_bytes(2, "big") + REASON


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
async def hub(redis: Redis, redis_url: str, store: JobStore, keys: Keys, counters: Counters) -> AsyncIterator[Hub]:
    hub = Hub(redis, store, keys, SecretStr(redis_url), counters=counters)
    await hub.start()
    yield hub
    await hub.aclose()


@pytest.fixture
async def here(hub: Hub, counters: Counters) -> AsyncIterator[Serving]:
    async with serving(hub, counters, LIMITS) as here:
        yield here


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is counted says nothing when it changes
            await asyncio.sleep(0.01)


@asynccontextmanager
async def deaf(here: Serving, player: Player) -> AsyncIterator[socket.socket]:
    """A client that reads nothing, and for which a state waits already."""
    job_id = await player.running()
    with deaf_socket(here.port, f"/ws?job={job_id}") as client:
        await until(lambda: here.counters.frames >= 3)
        step = itertools.count()
        while not here.counters.merged:
            await player.advance(job_id, next(step) / 10_000, preview=PREVIEW)
        yield client


async def read_up_to(client: socket.socket, end: bytes) -> bytes:
    loop, read = asyncio.get_running_loop(), b""
    async with asyncio.timeout(20):
        while end not in read:
            read += await loop.sock_recv(client, 65_536)
    return read


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(CLOSE, (1000).to_bytes(2, "big")), 1000),
        (frame(CLOSE, (1001).to_bytes(2, "big")), 1001),
        (frame(CLOSE, (4999).to_bytes(2, "big")), OTHER),
        *((frame(CLOSE, code.to_bytes(2, "big")), OTHER) for code in CloseCode),
        (frame(CLOSE), NO_CODE),
        (b"", ABNORMAL),
        (frame(BINARY, b"x"), CloseCode.UNSUPPORTED),
        (frame(TEXT, b"x" * 20_000), CloseCode.TOO_LONG),
        (frame(TEXT, b"nonsense") * 10, CloseCode.BAD_MESSAGES),
    ],
)
async def test_a_socket_that_ended_is_counted_once_by_the_code_of_whoever_closed_it(
    here: Serving, sent: bytes, code: int
) -> None:
    with deaf_socket(here.port, "/ws") as client:
        await until(lambda: here.counters.accepted[Transport.WEBSOCKET] == 1)
        client.sendall(sent)
        await until(lambda: bool(here.counters.closed) or not sent)
    await until(lambda: here.deserted)
    assert (here.counters.closed, here.counters.too_slow) == ({code: 1}, 0)


async def test_who_answers_our_close_with_another_code_is_counted_by_ours(here: Serving) -> None:
    with deaf_socket(here.port, "/ws") as client:
        await until(lambda: here.counters.accepted[Transport.WEBSOCKET] == 1)
        client.sendall(frame(TEXT, b"\xff" * (PIECE_BYTES - 8)) + frame(CLOSE, (1000).to_bytes(2, "big")))
        await until(lambda: here.deserted)
    assert here.counters.closed == {CloseCode.INVALID_TEXT: 1}


async def test_a_client_that_was_too_slow_is_counted_as_that(here: Serving, own_player: Player) -> None:
    async with deaf(here, own_player):
        await until(lambda: here.deserted)
    assert (here.counters.closed, here.counters.too_slow) == ({CloseCode.TOO_SLOW: 1}, 1)


async def test_a_client_that_does_not_read_the_answers_to_what_it_says_is_cut_off(
    hub: Hub, counters: Counters, own_player: Player
) -> None:
    async with serving(hub, counters, Limits(messages=10_000)) as here, deaf(here, own_player) as client:
        good, bad = frame(TEXT, b'{"type":"ping"}'), frame(TEXT, b"nonsense")
        for _ in range(MESSAGES_WAITING + 1):
            await asyncio.get_running_loop().sock_sendall(client, bad + good)
        await until(lambda: here.deserted)
    assert counters.closed == {CloseCode.TOO_SLOW: 1}


@pytest.mark.parametrize("end", ["a close", "an end of file"])
async def test_who_says_goodbye_and_does_not_read_what_waits_holds_nothing(
    here: Serving, own_player: Player, end: str
) -> None:
    async with deaf(here, own_player) as client:
        if end == "a close":
            client.sendall(frame(CLOSE, (1000).to_bytes(2, "big")))
        else:
            client.shutdown(socket.SHUT_WR)
        await until(lambda: here.deserted)
    assert sum(here.counters.closed.values()) == 1


async def test_the_goodbye_comes_after_what_waits_and_before_the_close(
    hub: Hub, counters: Counters, own_player: Player
) -> None:
    async with serving(hub, counters, Limits()) as here, deaf(here, own_player) as client:
        await here.drain.run(0)
        read = await read_up_to(client, CLOSED)
        assert read.rindex(b'{"type":"job"') < read.index(goodbye(1))
        assert read.endswith(goodbye(1) + CLOSED)
    assert counters.closed == {CloseCode.DRAIN: 1}


async def test_who_does_not_read_the_goodbye_is_dropped(here: Serving, own_player: Player) -> None:
    async with deaf(here, own_player):
        await here.drain.run(0)
        await until(lambda: here.deserted)
    assert sum(here.counters.closed.values()) == 1


async def test_who_reads_the_goodbye_too_slowly_is_dropped_as_well(
    hub: Hub, counters: Counters, own_player: Player
) -> None:
    jobs = [await own_player.running() for _ in range(64)]
    path = "/ws?" + "&".join(f"job={job_id}" for job_id in jobs)
    async with serving(hub, counters, Limits(slow=1)) as here, SlowReader(here.port, path, 20_000) as client:
        await client.until(b'"hello"')
        while here.counters.merged < 64:
            await asyncio.gather(*(own_player.advance(job_id, 0.5, preview=PREVIEW) for job_id in jobs))
        await here.drain.run(0)
        await until(lambda: here.deserted)
    assert len(client.read) < 64 * len(PREVIEW)


async def test_a_client_that_does_not_read_gets_no_pongs(here: Serving, own_player: Player) -> None:
    async with deaf(here, own_player) as client:
        [connection] = here.state.connections
        before = connection.transport.get_write_buffer_size()
        client.sendall(frame(PING, b"x" * 125) * 100 + frame(CLOSE, (1000).to_bytes(2, "big")))
        await until(lambda: bool(here.counters.closed))
        assert connection.transport.get_write_buffer_size() - before < 125


async def test_what_a_peer_says_after_it_was_sent_away_is_not_read(here: Serving) -> None:
    with deaf_socket(here.port, "/ws") as client:
        await until(lambda: here.counters.accepted[Transport.WEBSOCKET] == 1)
        client.sendall(frame(TEXT, b"nonsense") * 10)
        await until(lambda: bool(here.counters.closed))
        with pytest.raises(ConnectionError):
            await asyncio.get_running_loop().sock_sendall(client, frame(TEXT, b"x" * 16_000) * 1_000)


async def test_every_frame_that_was_written_is_counted(here: Serving, own_player: Player) -> None:
    job_id = await own_player.running()
    async with client(here.url, job_id) as socket:
        await socket.until_type("subscribed")
        await own_player.advance(job_id, 0.5)
        await own_player.succeed(job_id)
        await socket.until_status(job_id, "succeeded")
        assert (here.counters.frames, here.counters.merged) == (len(socket.heard), 0)
    assert here.counters.accepted == {"websocket": 1}
