"""`./limner up` as a real process, for tests of the whole."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.up.python import ROOT
from tests.support.lines import Lines
from tests.support.processes import children


class Up:
    """A running `up`: `url` is where its server answers, `lines` what it has shown since it was ready."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.lines = Lines(process)
        self.url = self.lines.wait_for(r"^Limner is ready: (http://\S+) \(Ctrl-C stops it\)$").group(1)

    def pid_of(self, word: str) -> int:
        """The part whose command line holds `word`: `valkey-server`, `postgres`, `serve` or `arq_worker`."""
        for pid in children(self.process.pid):
            if word in re.split(r"[\0 /]", Path(f"/proc/{pid}/cmdline").read_text()):
                return pid
        raise AssertionError(f"no child of {self.process.pid} runs {word}")

    def environment_of(self, word: str) -> dict[str, str]:
        """The variables of that part."""
        pairs = Path(f"/proc/{self.pid_of(word)}/environ").read_text().rstrip("\0").split("\0")
        return dict(pair.split("=", 1) for pair in pairs)


def command(data_dir: Path, *options: str) -> list[str]:
    return [sys.executable, str(ROOT / "limner"), "up", "--port", "0", "--data-dir", str(data_dir), *options]


def environment(**variables: str) -> dict[str, str]:
    """What `up` is given: no settings but `variables`, and this Python with the libraries it has."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LIMNER_")}
    return {**ours, "LIMNER_NO_VENV": "1", **variables}


@contextmanager
def up(data_dir: Path, *options: str, **variables: str) -> Iterator[Up]:
    """Start `up` on a free port, wait until it is ready, and stop it at the end."""
    with subprocess.Popen(
        command(data_dir, *options),
        env=environment(**variables),
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield Up(process)
        finally:
            process.terminate()
            try:
                # Its output must go on being read, or it could not write its last words.
                process.communicate(timeout=30)
            finally:
                process.kill()


def refused(data_dir: Path, *options: str, **variables: str) -> str:
    """The one sentence with which an `up` that cannot start ends; fails if it starts, or says more."""
    ended = subprocess.run(
        command(data_dir, *options), env=environment(**variables), capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    assert ended.stderr.startswith("limner: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.removeprefix("limner: ").rstrip()
