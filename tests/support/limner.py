"""Real server and worker processes, for tests that look at Limner from outside."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from storage.logs import Event
from storage.parent_death import dies_with_parent

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 30.0
PATIENT = {
    "LIMNER_SECRET": "test",
    "LIMNER_DRAIN_SECONDS": "0",
    # A test submits more than people do.
    "LIMNER_MAX_SUBMISSIONS": "0",
    "LIMNER_MAX_SUBMISSIONS_PER_ADDRESS": "0",
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Process:
    """One process of ours. Its log is printed where a test fails, for pytest shows what was printed."""

    def __init__(self, *command: str, environment: Mapping[str, str]) -> None:
        self._command = (sys.executable, *command)
        self._environment = {**_clean(), **environment}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `__exit__`
        self._begun = 0
        """How long its log was when it was started last."""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()
        print(self.log())
        self._log.close()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._begun = os.fstat(self._log.fileno()).st_size
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )

    def kill(self) -> None:
        """SIGKILL, also to a process that was stopped, and wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> int:
        """SIGTERM, and wait. Answers the exit status."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait_for_end()

    def wait_for_end(self) -> int:
        """Answers the exit status: a signal's number, negative, where one has killed it."""
        assert self._process is not None
        return self._process.wait(DEADLINE_SECONDS)

    def stop(self) -> None:
        """SIGSTOP: frozen until `resume`."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_until_logged(self, words: str) -> None:
        """Since it was started last."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while words not in self._log_since(self._begun):
            assert self.running, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)  # a file says nothing when it grows

    def log(self) -> str:
        return self._log_since(0)

    def _log_since(self, place: int) -> str:
        return os.pread(self._log.fileno(), 10_000_000, place).decode(errors="replace")


class Server(Process):
    """`serve` on a port of its own, ready when entered."""

    def __init__(self, environment: Mapping[str, str], *, port: int | None = None) -> None:
        self.port = port or free_port()
        super().__init__(
            "-m",
            "server",
            "serve",
            "--port",
            str(self.port),
            environment={**PATIENT, **environment},
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def start(self) -> None:
        super().start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        with httpx.Client(timeout=2, verify=False) as http:  # else it would first read all authorities there are
            while True:
                try:
                    if http.get(f"{self.url}/ready").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                assert self.running, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.02)  # nothing says when a port begins to answer


class Worker(Process):
    """A worker. It is at work when `wait_until_started` returns."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__("-m", "arq_worker", environment=environment)

    def wait_until_started(self) -> None:
        self.wait_until_logged(Event.WORKER_STARTED.value)

    @property
    def is_at_work(self) -> bool:
        return Event.WORKER_STARTED.value in self._log_since(self._begun)


def _clean() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIMNER_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@contextmanager
def limner(environment: Mapping[str, str]) -> Iterator[tuple[Server, Worker]]:
    """A server and a worker over one Redis."""
    with ExitStack() as stack:
        worker = stack.enter_context(Worker(environment))
        server = stack.enter_context(Server(environment))
        worker.wait_until_started()
        yield server, worker
