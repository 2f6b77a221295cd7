"""How a server process ends: what it still does, for whom, and in which order."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests.server.conftest import lines_of
from tests.server.support.client import ws_url
from tests.server.support.keep_alive import KeptAlive
from tests.server.support.player import Player
from tests.server.support.raw import HANDSHAKE, TEXT, RawSocket
from tests.support.limner import Server

Start = Callable[..., Server]
NEVER = 3_600
"""A window in which only the first of two guests is sent off."""


class Changed(Server):
    """A server in which something is otherwise: `change` is a line of Python."""

    def __init__(self, environment: Mapping[str, str], change: str) -> None:
        super().__init__(environment)
        code = (
            "import asyncio, runpy, sys; from server.process import lifecycle; from server.hub.hub import Hub;"
            f"{change}; sys.argv[0] = 'server'; runpy.run_module('server', run_name='__main__')"
        )
        self._command = (sys.executable, "-c", code, *self._command[3:])


@contextmanager
def draining(server: Server) -> Iterator[list[RawSocket]]:
    """Two guests of a server that was told to stop. The first was sent off, and the other waits for its turn."""
    with ExitStack() as stack:
        guests = [stack.enter_context(RawSocket(server.port)) for _ in range(2)]
        for guest in guests:
            assert said(guest)["type"] == "hello"
        os.kill(server.pid, signal.SIGTERM)
        assert said(guests[0])["type"] == "goodbye"
        assert guests[0].close_code() == 4001
        yield guests


def said(socket: RawSocket) -> dict[str, object]:
    opcode, payload = socket.frame()
    assert opcode == TEXT
    message: dict[str, object] = json.loads(payload)
    return message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_was_told_to_stop_ends_with_status_0(start: Start, number: signal.Signals) -> None:
    server = start()
    os.kill(server.pid, number)
    assert server.wait_for_end() == 0
    assert "server stopped" in server.log()


def test_every_guest_is_told_and_then_the_server_has_ended(start: Start) -> None:
    server = start(drain_seconds=0.3)
    with ExitStack() as stack:
        guests = [stack.enter_context(RawSocket(server.port)) for _ in range(10)]
        for guest in guests:
            said(guest)
        os.kill(server.pid, signal.SIGTERM)
        for guest in guests:
            assert said(guest)["type"] == "goodbye"
            assert guest.close_code() == 4001
    assert server.wait_for_end() == 0
    last = json.loads(server.log().splitlines()[-1])
    assert (last["event"], last["connections"]) == ("server stopped", 10)
    assert last["seconds"] > 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(start: Start, second: signal.Signals) -> None:
    server = start(drain_seconds=NEVER)
    with draining(server):
        os.kill(server.pid, second)
        assert server.wait_for_end() == -second


def test_a_server_that_drains_is_not_ready_and_takes_nobody_in(start: Start) -> None:
    server = start(drain_seconds=NEVER)
    with KeptAlive(server.port) as before, KeptAlive(server.port) as another:
        before.get("/health")
        another.get("/health")
        with draining(server):
            status, headers, _ = before.get("/ready")
            assert (status, headers["content-type"]) == (503, "application/problem+json")
            another.send(HANDSHAKE % b"/ws")
            status, headers, _ = another.answer()
            assert (status, headers["content-type"]) == (503, "application/problem+json")
            assert int(headers["retry-after"]) > 0
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{server.url}/health", verify=False)


def test_a_request_on_a_kept_connection_is_answered_during_the_drain_as_the_last_one(start: Start) -> None:
    server = start(drain_seconds=NEVER)
    with KeptAlive(server.port) as kept:
        assert "connection" not in kept.get("/health")[1]
        with draining(server):
            status, headers, _ = kept.get("/health")
            assert (status, headers["connection"]) == (200, "close")
            assert kept.until_closed() == b""


def test_those_who_stand_in_the_kernels_queue_are_answered_before_the_server_ends(start: Start) -> None:
    server = start()
    server.stop()
    os.kill(server.pid, signal.SIGTERM)
    with ExitStack() as stack:
        queue = [stack.enter_context(KeptAlive(server.port)) for _ in range(1_000)]
        for waiting in queue:
            waiting.send(b"GET /health HTTP/1.1\r\nHost: limner\r\n\r\n")
        server.resume()
        assert [waiting.answer()[0] for waiting in queue] == [200] * len(queue)
    assert server.wait_for_end() == 0


def test_who_has_only_just_come_may_still_say_its_first_words(environment: dict[str, str]) -> None:
    change = "lifecycle.FIRST_WORDS_SECONDS = lifecycle.CLOSE_SECONDS = 30"
    with Changed(environment, change) as server, KeptAlive(server.port) as new:
        os.kill(server.pid, signal.SIGTERM)
        server.wait_until_logged("server draining")
        status, headers, _ = new.get("/health")
        assert (status, headers["connection"]) == (200, "close")
        assert server.wait_for_end() == 0


def test_an_idle_connection_ends_without_resetting_a_request_that_is_just_coming(start: Start) -> None:
    server = start()
    with KeptAlive(server.port) as idle:
        idle.get("/health")
        os.kill(server.pid, signal.SIGTERM)
        assert idle.until_closed() == b""
        for _ in range(2):
            idle.send(b"GET /health HTTP/1.1\r\nHost: limner\r\n\r\n")  # of a closed socket, the second one fails
    assert server.wait_for_end() == 0


def test_a_client_that_does_not_answer_its_close_does_not_keep_the_server(start: Start) -> None:
    server = start()
    with RawSocket(server.port) as deaf:
        said(deaf)
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait_for_end() == 0
        assert deaf.close_code() == 4001


async def test_a_client_that_reads_nothing_does_not_keep_the_server(start: Start, own_player: Player) -> None:
    server = start()
    jobs = [await own_player.running() for _ in range(32)]
    for job in jobs:
        await own_player.advance(job, 0.5, preview="data:image/webp;base64," + "A" * 8_000)
    path = ws_url("/ws", jobs)
    with RawSocket(server.port, path, receive_buffer=2_048), RawSocket(server.port, path) as reading:
        while said(reading)["type"] != "subscribed":
            pass
        os.kill(server.pid, signal.SIGTERM)
        assert await asyncio.to_thread(server.wait_for_end) == 0
    assert lines_of(server, "warning", "error") == []


def test_a_part_that_does_not_end_does_not_keep_the_process(environment: dict[str, str]) -> None:
    change = "lifecycle.longest_end = lambda _: 0.5; Hub.aclose = lambda _: asyncio.sleep(3600)"
    with Changed(environment, change) as server:
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait_for_end() == -signal.SIGALRM


def test_a_turn_that_fails_does_not_end_the_care_for_those_who_end(environment: dict[str, str]) -> None:
    change = (
        "lifecycle.ConnectionTable.sweep = lambda self, now, sweep=lifecycle.ConnectionTable.sweep, failed=[]:"
        " sweep(self, now) if failed or asyncio.current_task().get_name() != 'connections that end'"
        " else failed.append(1) or 1 / 0"
    )
    changed = Changed({**environment, "LIMNER_REQUEST_SECONDS": "0.5"}, change)
    with changed as server, KeptAlive(server.port) as silent, draining(server):
        silent.send(b"GET / HT")
        assert silent.answer()[0] == 408
