"""`limner generate` as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.limner import DEADLINE_SECONDS, ROOT
from tests.support.lines import Lines


class Generate:
    """A running `generate`. `output` is all that it prints."""

    def __init__(self, url: str, out: Path, *options: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIMNER_")}
        self.out = out
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "server", "generate", "--url", url, "--out", str(out), *options],
            env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.output = Lines(self._process)

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Wait for its end. Answers the exit status."""
        self.output.rest()
        return self._process.wait(DEADLINE_SECONDS)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def generate(tmp_path: Path) -> Iterator[Callable[..., Generate]]:
    """Starts `generate` against a server's URL with more options, into a folder of the test's own."""
    with ExitStack() as stack:

        def start(url: str, *options: str) -> Generate:
            started = Generate(url, tmp_path / "out", *options)
            stack.callback(started.close)
            return started

        yield start
