"""Files and sockets: as many connections as there is room for, and what happens at the limit."""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from server.process import descriptors
from server.process.descriptors import RESERVED
from tests.server.conftest import lines_of
from tests.server.support.keep_alive import KeptAlive
from tests.support.limner import ROOT, Server

CLOCK_TICKS = 100


class Limited(Server):
    """A server that may open only so many files."""

    def __init__(self, environment: Mapping[str, str], soft: int, hard: int) -> None:
        super().__init__({"LIMNER_LOG_FORMAT": "json", **environment})
        self._command = limited(soft, hard, *self._command[1:])


def limited(soft: int, hard: int, *command: str) -> tuple[str, ...]:
    """Python with these arguments, under this limit."""
    limit = (
        "import os, resource, sys;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    return (sys.executable, "-c", limit, *command)


@pytest.mark.parametrize("allowed", [RESERVED + 20, 256, 1_000, 1_024, 20_000, 1_000_000])
def test_as_many_connections_fit_as_leave_room_for_the_rest_and_no_fewer(allowed: int) -> None:
    fitting = descriptors.connections_for(allowed)
    assert descriptors.sockets_for(fitting) + RESERVED <= allowed
    assert descriptors.sockets_for(fitting + 2) + RESERVED > allowed


def test_in_few_files_there_is_room_for_no_connection() -> None:
    assert descriptors.connections_for(RESERVED) == 0


def test_the_limit_of_files_is_raised_at_the_start(environment: dict[str, str]) -> None:
    with Limited(environment, 256, 4_096) as server:
        limits = Path(f"/proc/{server.pid}/limits").read_text()
        assert limits.partition("Max open files")[2].split()[:2] == ["4096", "4096"]


def test_the_start_says_how_many_connections_there_is_room_for(environment: dict[str, str]) -> None:
    with Limited(environment, 256, 256) as server:
        [lowered] = lines_of(server, "warning")
        assert lowered["event"] == "connection limit lowered"
        assert (lowered["descriptors"], lowered["wanted"]) == (256, 10_000)
        [started] = [line for line in lines_of(server, "info") if line["event"] == "server started"]
        assert started["connections"] == lowered["connections"] == descriptors.connections_for(256)


def test_a_limit_that_fits_is_left_as_it_is(environment: dict[str, str]) -> None:
    with Limited({**environment, "LIMNER_MAX_CONNECTIONS": "50"}, 256, 256) as server:
        assert lines_of(server, "warning") == []


def test_a_process_that_may_open_next_to_nothing_says_so(environment: dict[str, str]) -> None:
    command = limited(RESERVED, RESERVED, "-m", "server", "serve", "--port", "0")
    ended = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert "ulimit -n" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_more_callers_than_descriptors_wait_their_turn_and_the_loop_does_not_spin(environment: dict[str, str]) -> None:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert allowed > 400, "this test opens 300 sockets of its own"
    with Limited({**environment, "LIMNER_REQUEST_SECONDS": "0.5"}, 256, 256) as server, ExitStack() as stack:
        began, before = time.monotonic(), cpu_seconds(server.pid)
        callers = [stack.enter_context(KeptAlive(server.port)) for _ in range(300)]
        callers[-1].send(b"GET /health HTTP/1.1\r\nHost: limner\r\n\r\n")
        assert callers[-1].answer()[0] == 200  # after those before it, who say nothing, had their time
        assert cpu_seconds(server.pid) - before < (time.monotonic() - began) / 2
        assert len(list(Path(f"/proc/{server.pid}/fd").iterdir())) < 256
        assert httpx.get(f"{server.url}/ready", verify=False).status_code == 200
        assert lines_of(server, "error") == []


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
