"""The processes that are measured: real ones, on a throw-away Valkey and free ports."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

from server.up.python import command, environment
from storage.parent_death import dies_with_parent

READY_SECONDS = 30.0

NO_LIMIT = str(10**6)
UNLIMITED = {
    "LIMNER_MAX_SUBMISSIONS": NO_LIMIT,
    "LIMNER_MAX_SUBMISSIONS_PER_ADDRESS": NO_LIMIT,
    "LIMNER_MAX_WAITING": NO_LIMIT,
}
"""What one address with all requests would meet. They are counted all the same."""


class NotMeasured(Exception):
    """A part of what was to be measured did not work; the text says which, with its log."""


@contextmanager
def server(settings: Mapping[str, str]) -> Iterator[str]:
    """A server that is ready. Answers its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with _process("server", "serve", "--port", str(port), settings=settings):
        wait_until(lambda: answers(f"{url}/ready"), READY_SECONDS, "The server did not become ready.")
        yield url


@contextmanager
def worker(settings: Mapping[str, str]) -> Iterator[None]:
    """A worker, which may still be starting: jobs wait for it."""
    with _process("arq_worker", settings=settings):
        yield


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether a GET is a success by now."""
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def wait_until(ready: Callable[[], bool], seconds: float, sentence: str) -> None:
    """Ask again and again. Raises NotMeasured with `sentence` when the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise NotMeasured(sentence)
        time.sleep(0.01)


def listener(*arguments: str) -> tuple[str, ...]:
    """The command of the process that listens."""
    return command("bench.listener", *arguments)


def clean(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with no settings of Limner's but `settings`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIMNER_")}
    return environment({**kept, **settings})


@contextmanager
def _process(module: str, *arguments: str, settings: Mapping[str, str]) -> Iterator[None]:
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command(module, *arguments),
            env=clean(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        log = _Log(output.fileno())
        try:
            yield
            if process.poll() is not None:
                raise NotMeasured(f"{module} ended while it was measured:\n{log()}")
        finally:
            process.kill()
            process.wait()
            if sys.exc_info()[0] is not None:
                print(log(), file=sys.stderr)


class _Log:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self) -> str:
        return os.pread(self._descriptor, 1_000_000, 0).decode(errors="replace")
