"""What strangers, broken programs and dead clients send, or do not read."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from storage.records.ids import new_job_id
from tests.server.conftest import lines_of
from tests.server.support.client import client
from tests.server.support.keep_alive import KeptAlive
from tests.server.support.player import Player
from tests.server.support.raw import BINARY, CLOSE, CONTINUATION, HANDSHAKE, PING, TEXT, RawSocket, frame
from tests.server.support.slow import memory_of
from tests.support.limner import Server

PONG = 0xA

PREVIEW = "data:image/webp;base64," + "A" * 8_000
MEGABYTE = 1_000_000


@pytest.fixture
def quiet_log(edge: Server) -> Iterator[None]:
    """Fails a test that makes the server complain, more than one line at most."""
    before = len(lines_of(edge, "warning", "error", "critical"))
    size = len(edge.log())
    yield
    assert len(lines_of(edge, "warning", "error", "critical")) == before
    assert edge.log()[size:].count("\n") <= 1


def closed_with(edge: Server, *frames: bytes) -> int:
    with RawSocket(edge.port) as socket:
        socket.send(b"".join(frames))
        return socket.close_code()


@pytest.mark.usefixtures("quiet_log")
@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame(BINARY, b"{}")], 1003),
        ([frame(BINARY)], 1003),
        ([frame(BINARY, b"{", fin=False), frame(CONTINUATION, b"}")], 1003),
        ([frame(TEXT, b"\xff\xfe")], 1007),
        ([frame(TEXT, b'{"type":"ping", "\xc3'), frame(TEXT, b'{"type":"ping"}')], 1007),
        ([frame(TEXT, b"{", fin=False), frame(CONTINUATION, b"\xed\xa0\x80")], 1007),
        ([frame(TEXT, b"x" * MEGABYTE)], 1009),
        ([frame(TEXT, b"x" * 16_385)], 1009),
        ([frame(TEXT, b"x" * 10_000, fin=False), frame(CONTINUATION, b"x" * 10_000)], 1009),
        ([frame(PING, b"x")] * 1_100, 4013),
        ([frame(PONG)] * 1_100, 4013),
        ([frame(TEXT, b"x", fin=False), *[frame(CONTINUATION, b"x", fin=False)] * 1_100], 4013),
        ([frame(TEXT, b"x", fin=False), *[frame(CONTINUATION, fin=False)] * 1_100], 4013),
        ([frame(TEXT)] * 10, 4501),
        ([frame(TEXT, fin=False), frame(CONTINUATION)] * 10, 4501),
        ([frame(CONTINUATION, b"x")], 1002),
        ([frame(TEXT, b'{"type":"ping"}')] * 21, 4013),
        ([frame(TEXT, b"nonsense")] * 10, 4501),
        ([frame(TEXT, b"nonsense")] * 10 + [frame(TEXT, b"\xff")] * 3, 1007),
    ],
)
def test_what_is_no_message_closes_with_its_code_and_without_noise(
    edge: Server, frames: list[bytes], code: int
) -> None:
    assert closed_with(edge, *frames) == code


@pytest.mark.usefixtures("quiet_log")
def test_what_comes_after_the_close_is_passed_over(edge: Server) -> None:
    with RawSocket(edge.port) as socket:
        socket.send(frame(TEXT, b"nonsense") * 10)
        assert socket.close_code() == 4501
        socket.send(frame(TEXT, b"\xff") + frame(BINARY, b"x") + frame(TEXT, b"nonsense"))
        socket.send(frame(0x8, b"\x11\x95"))
        with pytest.raises(EOFError):
            socket.frame()


@pytest.mark.usefixtures("quiet_log")
def test_a_message_of_the_greatest_length_is_read(edge: Server) -> None:
    with RawSocket(edge.port) as socket:
        socket.send(frame(TEXT, b'{"type":"ping"}'.ljust(16_384)))
        assert [socket.frame()[1][:15] for _ in range(2)] == [b'{"type":"hello"', b'{"type":"pong"}']


@pytest.mark.usefixtures("quiet_log")
@pytest.mark.parametrize(
    "path", ["/ws?job=" + "x" * 20_000, "/ws?" + "&".join(f"job={new_job_id()}" for _ in range(1_000))]
)
def test_a_url_that_is_too_long_gets_an_answer(edge: Server, path: str) -> None:
    with RawSocket(edge.port, path) as socket:
        assert socket.status == 431


@pytest.mark.usefixtures("quiet_log")
@pytest.mark.parametrize(
    ("header", "status"),
    [("Content-Length: 5", 400), ("X-A: " + "a" * 17_000, 431), ("X-A: a\r\n" * 200 + "B: b", 431)],
)
def test_a_handshake_that_is_not_understood_gets_400_and_one_that_is_too_long_431(
    edge: Server, header: str, status: int
) -> None:
    with KeptAlive(edge.port) as socket:
        socket.send((HANDSHAKE % b"/ws").replace(b"\r\n", f"\r\n{header}\r\n".encode(), 1))
        assert socket.answer()[0] == status


@pytest.mark.parametrize("flood", [frame(PING, b"x" * 125), frame(CONTINUATION, fin=False), frame(TEXT)])
def test_floods_cost_no_memory(edge: Server, flood: bytes) -> None:
    before = memory_of(edge)
    for _ in range(10):
        with RawSocket(edge.port) as socket:
            socket.send(frame(TEXT, b"x", fin=False) if flood == frame(CONTINUATION, fin=False) else b"")
            socket.send(flood * 1_100)
            socket.send_what_fits(flood * 100_000)
            assert socket.close_code() in (4013, 4501)
    assert memory_of(edge) - before < 12 * MEGABYTE


async def test_a_client_that_does_not_read_costs_little_delays_nobody_and_gets_the_final_state(
    edge: Server, player: Player
) -> None:
    job_id = await player.running()
    with RawSocket(edge.port, f"/ws?job={job_id}", receive_buffer=4_096) as slow:
        async with client(edge.ws_url, job_id) as fast:
            await fast.until_type("subscribed")
            before = memory_of(edge)
            for step in range(1_000):
                await player.advance(job_id, step / 1_000, preview=PREVIEW)
            assert memory_of(edge) - before < 6 * MEGABYTE
            done = await player.succeed(job_id)
            await fast.until_status(job_id, "succeeded")
        read, final, frames = 0, b'"status":"succeeded"', 0
        while True:
            _, payload = await asyncio.to_thread(slow.frame)
            read, frames = read + len(payload), frames + 1
            if final in payload:
                break
        assert str(done.version).encode() in payload
        assert (read < 2 * MEGABYTE, frames < 250) == (True, True)


async def test_who_watches_nothing_or_gives_no_sign_of_life_is_sent_away_and_who_answers_stays(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start(idle_seconds=2.5, silence_seconds=2.5, ping_seconds=0.5)
    job_id = await own_player.running()

    def dead() -> int:
        with RawSocket(server.port, f"/ws?job={job_id}") as socket:
            seen = [socket.frame() for _ in range(5)]
            assert (PING, b"") in seen
            assert (TEXT, b'{"type":"ping"}') in seen
            return socket.close_code()

    async def idle() -> tuple[int, str]:
        async with client(server.ws_url) as socket:
            return await socket.closed()

    async def alive() -> str:
        async with client(server.ws_url, job_id) as socket:
            for _ in range(4):
                await socket.until_type("ping")
            await own_player.succeed(job_id)
            return str((await socket.until_status(job_id, "succeeded"))["status"])

    codes = await asyncio.gather(asyncio.to_thread(dead), idle(), alive())
    assert list(codes) == [4012, (4006, "nothing is watched"), "succeeded"]


async def test_a_server_that_is_told_to_stop_says_goodbye(start: Callable[..., Server], own_player: Player) -> None:
    server = start()
    job_id = await own_player.submit()
    async with client(server.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        stopping = asyncio.create_task(asyncio.to_thread(server.terminate))
        assert await socket.closed() == (4001, "the server stops")
        assert socket.heard[-1] == {"type": "goodbye", "retry_after_ms": 1_000}
        await stopping
    assert lines_of(server, "warning", "error") == []
    assert lines_of(server, "info")[-1]["event"] == "server stopped"


def test_a_close_right_behind_what_one_is_closed_for_is_no_fault_of_ours(start: Callable[..., Server]) -> None:
    server = start()
    with RawSocket(server.port) as socket:
        socket.frame()
        socket.send(frame(TEXT, b"\xff") + frame(CLOSE, b"\x03\xe8"))
        assert socket.close_code() in (1000, 1007)
    server.terminate()
    assert lines_of(server, "warning", "error", "critical") == []
