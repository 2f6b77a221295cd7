"""Several server processes on one socket."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from redis import Redis

from storage.embedded import running
from tests.server.conftest import lines_of
from tests.server.support.raw import RawSocket
from tests.support.limner import DEADLINE_SECONDS, ROOT, Server
from tests.support.processes import Watched, children

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and needs a kernel that ends orphans"),
]

COUNT = 2


class Processes(Server):
    """Ready when all of them have started."""

    @property
    def pids(self) -> list[int]:
        return sorted(children(self.pid))

    def wait_until_ready(self) -> None:
        super().wait_until_ready()
        self.wait_until_logged_times("server started", COUNT)

    def wait_until_logged_times(self, words: str, times: int) -> None:
        while self.log().count(words) < times:
            self.wait_until_logged(words)

    def wait_until_refused(self) -> None:
        """Wait until nobody is taken in any more, not even by the kernel."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        with pytest.raises(ConnectionRefusedError):
            self._connect_until(deadline)

    def _connect_until(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            socket.create_connection(("127.0.0.1", self.port)).close()

    def environment_of(self, pid: int) -> dict[str, str]:
        lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
        return dict(line.split("=", 1) for line in lines if line)


@pytest.fixture
def start(redis_url: str, prefix: str) -> Iterator[Callable[..., Processes]]:
    with ExitStack() as stack:

        def start(**settings: object) -> Processes:
            environment = {
                "LIMNER_REDIS_URL": redis_url,
                "LIMNER_REDIS_PREFIX": prefix,
                "LIMNER_LOG_FORMAT": "json",
                "LIMNER_PROCESSES": str(COUNT),
                **{f"LIMNER_{name.upper()}": str(value) for name, value in settings.items()},
            }
            return stack.enter_context(Processes(environment))

        yield start


def serve(environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A start that comes to nothing."""
    return subprocess.run(
        [sys.executable, "-m", "server", "serve", "--port", "0", "--processes", "3"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nobody_is_refused_while_one_of_the_processes_has_room(start: Callable[..., Processes]) -> None:
    most = 20
    server = start(max_connections=most)
    with ExitStack() as stack:
        for _ in range(COUNT * most):
            assert stack.enter_context(RawSocket(server.port)).status == 101
        for _ in range(5):
            assert stack.enter_context(RawSocket(server.port)).status == 503


def test_a_process_that_was_full_accepts_again_when_it_has_room(start: Callable[..., Processes]) -> None:
    most = 5
    server = start(max_connections=most)
    for _ in range(3):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not all_let_in(server, COUNT * most):  # what has just been closed may still be counted
            assert time.monotonic() < deadline


def all_let_in(server: Server, sockets: int) -> bool:
    with ExitStack() as stack:
        return all(stack.enter_context(RawSocket(server.port)).status == 101 for _ in range(sockets))


def test_connections_spread_over_the_processes(start: Callable[..., Processes]) -> None:
    server = start(drain_seconds=0.1, max_connections_per_address=1_000)
    with ExitStack() as stack:
        sockets = [stack.enter_context(RawSocket(server.port)) for _ in range(300)]
        for one in sockets:
            one.frame()
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait_for_end() == 0
    shares = {line["process"]: line["connections"] for line in lines_of(server, "info") if "draining" in line["event"]}
    assert set(shares) == {1, 2}
    assert sum(shares.values()) == 300
    assert min(shares.values()) >= 10


def test_a_process_that_was_killed_comes_back_and_the_others_go_on(start: Callable[..., Processes]) -> None:
    server = start()
    killed, other = server.pids
    os.kill(killed, signal.SIGKILL)
    server.wait_until_logged_times("server started", COUNT + 1)
    [ended] = lines_of(server, "warning")
    assert (ended["event"], ended["end"]) == ("server process ended", "was killed by SIGKILL")
    assert other in server.pids
    assert killed not in server.pids
    again = [line for line in lines_of(server, "info") if line["event"] == "server started"][-1]
    assert again["process"] == ended["number"]


def test_who_calls_while_all_processes_are_away_is_answered_by_the_next_ones(start: Callable[..., Processes]) -> None:
    server = start()
    for pid in server.pids:
        os.kill(pid, signal.SIGKILL)
    assert httpx.get(f"{server.url}/health", timeout=30, verify=False).status_code == 200


def test_all_have_the_same_secret_and_one_folder_for_their_figures(start: Callable[..., Processes]) -> None:
    server = start(secret="")
    [(secret, folder)] = {
        (given["LIMNER_SECRET"], given["PROMETHEUS_MULTIPROC_DIR"]) for given in map(server.environment_of, server.pids)
    }
    assert len(secret) >= 32
    assert Path(folder).stat().st_mode & 0o077 == 0
    assert [line["event"] for line in lines_of(server, "warning")] == ["sessions end with this process"]
    server.terminate()
    assert not Path(folder).exists()


def test_a_signal_to_the_first_process_ends_all_of_them(start: Callable[..., Processes]) -> None:
    server = start(drain_seconds=0.2)
    watched = [Watched(pid) for pid in server.pids]
    with ExitStack() as stack:
        sockets = [stack.enter_context(RawSocket(server.port)) for _ in range(10)]
        os.kill(server.pid, signal.SIGTERM)
        assert [one.close_code() for one in sockets] == [4001] * 10
        assert server.wait_for_end() == 0
    assert all(process.has_ended() for process in watched)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health", verify=False)


def test_a_second_signal_kills_all_of_them_and_the_status_says_so(start: Callable[..., Processes]) -> None:
    server = start(drain_seconds=3_600)
    with ExitStack() as stack:
        sockets = [stack.enter_context(RawSocket(server.port)) for _ in range(20)]
        for one in sockets:
            one.frame()
        watched = [Watched(pid) for pid in server.pids]
        os.kill(server.pid, signal.SIGTERM)
        server.wait_until_logged_times("server draining", COUNT)
        server.wait_until_refused()
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait_for_end() == 1
    assert all(process.has_ended() for process in watched)


def test_none_outlives_the_first_one(start: Callable[..., Processes]) -> None:
    server = start()
    watched = [Watched(pid) for pid in server.pids]
    assert len(watched) == COUNT
    server.kill()
    assert all(process.has_ended() for process in watched)


@pytest.mark.parametrize(("variable", "value"), [("LIMNER_KEEP_SECONDS", "soon"), ("LIMNER_HOST", "0.0.0.0")])
def test_a_wrong_setting_is_said_once(variable: str, value: str) -> None:
    ended = serve({variable: value})
    assert ended.returncode == 2
    assert ended.stderr.count(variable) == 1


def test_a_redis_that_would_throw_jobs_away_is_refused_once() -> None:
    with running() as valkey:
        with Redis.from_url(valkey.url) as redis:
            redis.config_set("maxmemory-policy", "allkeys-lru")
        ended = serve({"LIMNER_REDIS_URL": valkey.url})
    assert ended.returncode == 2
    assert ended.stderr.count("noeviction") == 1


def test_a_postgres_without_the_schema_is_refused_once(redis_url: str, empty_database_url: str, tmp_path: Path) -> None:
    kept = {"LIMNER_DATABASE_URL": empty_database_url, "LIMNER_OBJECTS_DIR": str(tmp_path)}
    ended = serve({"LIMNER_REDIS_URL": redis_url, **kept})
    assert ended.returncode == 2
    assert ended.stderr.count("./limner migrate") == 1


def test_what_only_the_processes_find_wrong_ends_all_of_them(redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os, sys\nif '--place' in sys.orig_argv: os._exit(2)\n")
    ended = serve({"LIMNER_REDIS_URL": redis_url, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"})
    assert ended.returncode == 2
