"""A target's process: alone on its core, started, stopped, killed, and asked what it cost."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.hub.machine import Cpu, cpu, memory, pinned
from bench.hub.setup import Setup
from bench.hub.target import Place, Program
from bench.processes import READY_SECONDS, NotMeasured, answers, clean, free_port, wait_until

END_SECONDS = 5.0
LOG_BYTES = 20_000


class Server:
    """Ready when `start` returns. Its log comes with whatever goes wrong."""

    def __init__(self, setup: Setup, target: Program, place: Place) -> None:
        self.place = place
        self._core = setup.cores.server
        self._command = target.command(place)
        self._name = target.name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command.words,
            cwd=self._command.folder,
            env=clean(self._command.environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=pinned(self._core),
        )
        wait_until(self._ready, READY_SECONDS, f"{self._name} did not become ready.")

    @property
    def pid(self) -> int:
        return self._alive().pid

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise NotMeasured(f"{self._name} has ended.")
        return self._process

    def cpu(self) -> Cpu:
        return cpu(self.pid)

    def memory(self) -> int:
        return memory(self.pid)

    def stop(self) -> None:
        """SIGSTOP: frozen until `resume`."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """SIGTERM first, for a target's own children; of a frozen or deaf one SIGKILL is the end."""
        if self._process is not None and self._process.poll() is None:
            # To the whole session, which is its own: a master process may be gone before its workers.
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._log.close()

    def log(self) -> str:
        return os.pread(self._log.fileno(), LOG_BYTES, 0).decode(errors="replace")

    def _ready(self) -> bool:
        self._alive()
        if self._command.ready is not None:
            return answers(f"http://127.0.0.1:{self.place.port}{self._command.ready}")
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.place.port)) == 0


@contextmanager
def started(setup: Setup, target: Program, clients: int) -> Iterator[Server]:
    """A target that is ready for so many clients. Raises NotMeasured, with the log."""
    with tempfile.TemporaryDirectory(prefix="target-", dir=setup.folder) as folder:
        place = Place(free_port(), setup.redis_port, Path(folder), clients)
        server = Server(setup, target, place)
        try:
            server.start()
            yield server
        except NotMeasured as error:
            raise NotMeasured(f"{error}\n{server.log()}") from error
        finally:
            server.close()
