"""How long a connection may say nothing, how much it may ask, and how many there may be."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from server.http.connection import HEAD_BYTES
from server.process.descriptors import sockets_for
from tests.server.conftest import lines_of
from tests.server.support.figures import until_figure
from tests.server.support.keep_alive import KeptAlive
from tests.server.support.player import Player
from tests.server.support.raw import HANDSHAKE, PING, RawSocket, frame
from tests.server.support.slow import memory_of
from tests.support.limner import Server

Start = Callable[..., Server]
GET = b"GET %b HTTP/1.1\r\nHost: limner\r\n\r\n"
JSON = b"Content-Type: application/json\r\nContent-Length: "
STREAMS = 'limner_connections{transport="events"}'
HALF_A_HEAD = b"GET /health HTTP/1.1\r\nHost: lim"


def dribble(connection: KeptAlive) -> None:
    for _ in range(2_000):
        connection.send(b"x")
        time.sleep(0.01)  # this is what it is to dribble


def ask_on_and_on(connection: socket.socket) -> None:
    for _ in range(100_000):
        connection.sendall(GET % b"/web/app/index.html" * 100)


def assert_timed_out(connection: KeptAlive) -> None:
    status, headers, body = connection.answer()
    assert (status, headers["content-type"]) == (408, "application/problem+json")
    assert headers["connection"] == "close"
    assert json.loads(body)["status"] == 408
    assert connection.until_closed() == b""


def assert_too_long(connection: KeptAlive) -> None:
    status, headers, body = connection.answer()
    assert (status, headers["content-type"]) == (431, "application/problem+json")
    assert headers["connection"] == "close"
    assert json.loads(body)["status"] == 431
    assert connection.until_closed() == b""


def test_a_connection_that_says_nothing_is_closed_without_a_word(start: Start) -> None:
    with KeptAlive(start(request_seconds=0.2).port) as silent:
        assert silent.until_closed() == b""


@pytest.mark.parametrize("part", [b"G", HALF_A_HEAD])
def test_half_a_head_is_told_that_it_took_too_long(start: Start, part: bytes) -> None:
    server = start(request_seconds=0.2)
    with KeptAlive(server.port) as slow:
        slow.send(part)
        assert_timed_out(slow)
    assert lines_of(server, "warning", "error") == []


def test_a_head_that_comes_byte_by_byte_gains_no_time_by_that(start: Start) -> None:
    with KeptAlive(start(request_seconds=0.5).port) as slow:
        slow.send(HALF_A_HEAD)
        with pytest.raises(ConnectionError):
            dribble(slow)


def test_the_next_head_on_a_kept_connection_is_waited_for_as_long_once_it_has_begun(start: Start) -> None:
    with KeptAlive(start(request_seconds=0.2).port) as kept:
        assert kept.get("/health")[0] == 200
        kept.send(HALF_A_HEAD)
        assert_timed_out(kept)


def test_a_kept_connection_between_two_requests_may_be_silent_for_longer(start: Start) -> None:
    server = start(request_seconds=0.1)
    with KeptAlive(server.port) as kept, KeptAlive(server.port) as silent:
        assert kept.get("/health")[0] == 200
        silent.until_closed()  # so that the time is over
        with KeptAlive(server.port) as another:
            another.until_closed()
        assert kept.get("/health")[0] == 200


def test_the_rest_of_a_body_that_nobody_wanted_is_no_head_that_takes_long(start: Start) -> None:
    server = start(request_seconds=0.1)
    with KeptAlive(server.port) as kept, KeptAlive(server.port) as silent:
        kept.send(b"POST /nowhere HTTP/1.1\r\nHost: limner\r\nContent-Length: 10\r\n\r\n12345")
        assert kept.answer()[0] == 404
        kept.send(b"67890")
        silent.until_closed()
        with KeptAlive(server.port) as another:
            another.until_closed()
        assert kept.get("/health")[0] == 200


def test_a_websocket_is_not_asked_for_another_head(start: Start) -> None:
    server = start(request_seconds=0.1)
    with RawSocket(server.port) as websocket, KeptAlive(server.port) as silent:
        websocket.frame()
        silent.until_closed()
        with KeptAlive(server.port) as another:
            another.until_closed()
        websocket.send(b"\x89\x80\0\0\0\0")
        assert websocket.frame()[0] == 0xA


def test_of_too_many_connections_the_one_that_is_idle_longest_makes_room(start: Start) -> None:
    server = start(max_connections=1)
    with ExitStack() as stack:
        kept = [stack.enter_context(KeptAlive(server.port)) for _ in range(sockets_for(1))]
        for connection in kept:
            assert connection.get("/health")[0] == 200
        last = stack.enter_context(KeptAlive(server.port))
        assert last.get("/ready")[0] == 200
        assert kept[0].until_closed() == b""
        assert kept[1].get("/health")[0] == 200


async def test_too_many_connections_that_all_carry_something_are_told_when_to_come_again(
    start: Start, own_player: Player
) -> None:
    server = start(max_connections=1, request_seconds=60)
    job = await own_player.running()
    with ExitStack() as stack:
        for _ in range(sockets_for(1)):
            busy = stack.enter_context(KeptAlive(server.port))
            busy.send(b"POST /portraits HTTP/1.1\r\nHost: limner\r\nExpect: 100-continue\r\n" + JSON + b"9\r\n\r\n")
            assert busy.answer()[0] == 100
        with KeptAlive(server.port) as refused:
            status, headers, _ = refused.get(f"/jobs/{job}")
            assert (status, headers["content-type"]) == (503, "application/problem+json")
            assert headers["connection"] == "close"
            assert int(headers["retry-after"]) > 0
            assert refused.until_closed() == b""
        with KeptAlive(server.port) as probe:
            assert probe.get("/health")[0] == 200  # it is alive all the same
    assert lines_of(server, "warning", "error") == []


def test_half_heads_take_no_place_from_a_whole_request(start: Start) -> None:
    server = start(max_connections=1, request_seconds=60)
    with ExitStack() as stack:
        flood = [stack.enter_context(KeptAlive(server.port)) for _ in range(sockets_for(1))]
        for half in flood:
            half.send(HALF_A_HEAD)
        for _ in range(5):
            assert stack.enter_context(KeptAlive(server.port)).get("/ready")[0] == 200
        status, headers, _ = flood[0].answer()
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert flood[0].until_closed() == b""
    assert lines_of(server, "warning", "error") == []


async def test_no_websocket_is_made_of_a_connection_that_is_still_answering(start: Start, own_player: Player) -> None:
    server = start()
    job = await own_player.running()
    with KeptAlive(server.port) as both:
        both.send(GET % f"/jobs/{job}".encode() + HANDSHAKE % f"/ws?job={job}".encode() + frame(PING))
        assert both.answer()[0] == 200
        status, headers, body = both.answer()
        assert (status, headers["content-type"], headers["connection"]) == (400, "application/problem+json", "close")
        assert "WebSocket" in json.loads(body)["detail"]
        assert both.until_closed() == b""
    assert lines_of(server, "warning", "error") == []


def test_a_websocket_may_follow_requests_that_are_answered(start: Start) -> None:
    with KeptAlive(start().port) as kept:
        assert kept.get("/health")[0] == 200
        kept.send(HANDSHAKE % b"/ws")
        assert kept.answer()[0] == 101


async def test_no_websocket_is_made_of_an_event_stream(start: Start, own_player: Player) -> None:
    server = start(drain_seconds=0)
    job = await own_player.running()
    with KeptAlive(server.port) as stream:
        stream.send(GET % f"/events?job={job}".encode())
        assert stream.answer()[0] == 200
        await until_figure(server.url, STREAMS, 1)
        stream.send(HANDSHAKE % f"/ws?job={job}".encode())
        await own_player.succeed(job)
        stream.until(b'"status":"succeeded"')
        await asyncio.to_thread(server.terminate)
        assert b"101 Switching" not in stream.until_closed()
    assert lines_of(server, "warning", "error") == []


@pytest.mark.parametrize("behind", [GET % b"/health", HANDSHAKE % b"/ws", b"no request"])
async def test_an_event_stream_with_something_behind_it_is_missed_when_it_goes(
    start: Start, own_player: Player, behind: bytes
) -> None:
    server = start(silence_seconds=7_200, ping_seconds=3_600)
    job = await own_player.running()
    with KeptAlive(server.port) as stream:
        stream.send(GET % f"/events?job={job}".encode() + behind)
        assert stream.answer()[0] == 200
        await until_figure(server.url, STREAMS, 1)
    await until_figure(server.url, STREAMS, 0)


async def test_an_event_stream_for_http_1_0_has_no_chunks(start: Start, own_player: Player) -> None:
    server = start(drain_seconds=0)
    job = await own_player.running()
    with KeptAlive(server.port) as old:
        old.send(f"GET /events?job={job} HTTP/1.0\r\nHost: limner\r\n\r\n".encode())
        status, headers, _ = old.answer()
        assert (status, "transfer-encoding" in headers) == (200, False)
        old.until(b'"status":"processing"')
        await asyncio.to_thread(server.terminate)
        lines = old.until_closed().decode().splitlines()
    assert all(line.partition(":")[0] in ("", "retry", "event", "data") for line in lines), lines
    assert lines[-1] == ""


@pytest.mark.parametrize("endless", [b"X-A: " + b"a" * 80 + b"\r\n", b"a", b"X-A:" + b" " * 80], ids=str)
def test_a_head_without_end_is_refused_and_takes_no_memory(start: Start, endless: bytes) -> None:
    server = start(request_seconds=60)
    before = memory_of(server)
    with KeptAlive(server.port) as attacker:
        attacker.send(b"GET / HTTP/1.1\r\nHost: limner\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                attacker.send(endless * (1_000_000 // len(endless)))
        assert memory_of(server) - before < 10_000_000
    assert lines_of(server, "warning", "error") == []


@pytest.mark.parametrize("unfinished", [b"X-A: ", b"", b"X-A: 1\r\n"])
def test_a_head_that_is_too_long_is_told_so(start: Start, unfinished: bytes) -> None:
    with KeptAlive(start(request_seconds=60).port) as greedy:
        greedy.send(b"GET /health HTTP/1.1\r\nHost: limner\r\n" + unfinished + b"a" * 2 * HEAD_BYTES)
        assert_too_long(greedy)


def test_a_whole_head_that_is_too_long_is_told_so_and_one_at_the_limit_is_read(start: Start) -> None:
    server = start()
    with KeptAlive(server.port) as kept:
        for _ in range(2):
            assert kept.get("/health", X_A="a" * (HEAD_BYTES - 1_000))[0] == 200
        assert kept.get("/health?" + "a" * (HEAD_BYTES - 1_000))[0] == 200
        kept.send(GET.replace(b"\r\n\r\n", b"\r\nX-A: " + b"a" * HEAD_BYTES + b"\r\n\r\n") % b"/health")
        assert_too_long(kept)


def test_trailers_without_end_are_refused(start: Start) -> None:
    server = start(request_seconds=60)
    before = memory_of(server)
    with KeptAlive(server.port) as attacker:
        attacker.send(b"POST /portraits HTTP/1.1\r\nHost: limner\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                attacker.send(b"X-A: a\r\n" * 100_000)
        assert memory_of(server) - before < 10_000_000


@pytest.mark.parametrize("behind", [b"no request\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 2 * HEAD_BYTES])
async def test_what_is_no_request_is_refused_in_its_turn(start: Start, own_player: Player, behind: bytes) -> None:
    job = await own_player.running()
    with KeptAlive(start(request_seconds=60).port) as kept:
        kept.send(GET % f"/jobs/{job}".encode() + behind)
        status, _, body = kept.answer()
        assert (status, json.loads(body)["id"]) == (200, job)
        assert kept.answer()[0] in (400, 431)
        assert kept.until_closed() == b""


async def test_who_asks_and_asks_and_never_reads_is_cut_off(start: Start) -> None:
    server = start(slow_seconds=0.3)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(("127.0.0.1", server.port))
        deaf.settimeout(20)
        with pytest.raises(ConnectionError):
            ask_on_and_on(deaf)
    assert lines_of(server, "warning", "error") == []


async def test_a_held_answer_with_another_request_behind_it_is_not_held(start: Start, own_player: Player) -> None:
    server = start(wait_seconds=3_600)
    job = await own_player.running()
    with KeptAlive(server.port) as kept:
        tag = kept.get(f"/jobs/{job}")[1]["etag"]
        kept.send(
            f"GET /jobs/{job} HTTP/1.1\r\nHost: limner\r\nPrefer: wait=3600\r\nIf-None-Match: {tag}\r\n\r\n".encode()
        )
        await until_figure(server.url, 'limner_connections{transport="wait"}', 1)
        kept.send(GET % b"/health")
        assert [kept.answer()[0] for _ in range(2)] == [304, 200]
