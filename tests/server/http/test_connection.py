"""How long a connection may say nothing, and how many there may be."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from server.process.descriptors import sockets_for
from tests.server.conftest import lines_of
from tests.server.support.keep_alive import KeptAlive
from tests.server.support.raw import RawSocket
from tests.support.limner import Server

Start = Callable[..., Server]
HALF_A_HEAD = b"GET /health HTTP/1.1\r\nHost: lim"


def dribble(connection: KeptAlive) -> None:
    for _ in range(2_000):
        connection.send(b"x")
        time.sleep(0.01)  # this is what it is to dribble


def assert_timed_out(connection: KeptAlive) -> None:
    status, headers, body = connection.answer()
    assert (status, headers["content-type"]) == (408, "application/problem+json")
    assert headers["connection"] == "close"
    assert json.loads(body)["status"] == 408
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


def test_too_many_connections_without_an_idle_one_are_told_when_to_come_again(start: Start) -> None:
    server = start(max_connections=1, request_seconds=60)
    with ExitStack() as stack:
        for _ in range(sockets_for(1)):
            stack.enter_context(KeptAlive(server.port)).send(HALF_A_HEAD)
        with KeptAlive(server.port) as refused:
            status, headers, _ = refused.get("/ready")
            assert (status, headers["content-type"]) == (503, "application/problem+json")
            assert headers["connection"] == "close"
            assert int(headers["retry-after"]) > 0
            assert refused.until_closed() == b""
        with KeptAlive(server.port) as probe:
            assert probe.get("/health")[0] == 200  # it is alive all the same
    assert lines_of(server, "warning", "error") == []
