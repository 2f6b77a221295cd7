"""`limner test`: the whole suite. Arguments go to pytest; paths among them are seen from the repository's root.

Without arguments it runs in four shares side by side, for most of a test's time is waiting. Each has its own Valkey,
Postgres, ports and prefixes, as suites on one machine have.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import pytest

from server.up import python

SHARES: Sequence[Sequence[str]] = (
    ("tests/server",),
    ("tests/storage", "tests/jobs", "tests/bench"),
    ("tests/system",),
    ("tests", *(f"--ignore=tests/{folder}" for folder in ("server", "storage", "jobs", "bench", "system"))),
)
"""The first is told as it goes on, the others when it has ended. Together they are everything."""


def main(arguments: list[str]) -> int:
    os.chdir(python.ROOT)
    return pytest.main(arguments) if arguments else side_by_side(SHARES)


def side_by_side(shares: Sequence[Sequence[str]]) -> int:
    """Run the shares at once. Answers the first exit status that is not 0, if there is one."""
    first, *others = shares
    with tempfile.TemporaryDirectory() as folder:
        beside = []
        for number, share in enumerate(others):
            told = os.path.join(folder, str(number))
            with open(told, "wb") as file:
                beside.append((_started(share, file.fileno()), told))
        statuses = [_ended(_started(first, None))]
        for process, told in beside:
            statuses.append(_ended(process))
            with open(told, errors="replace") as file:
                print(file.read(), flush=True)
    return next(filter(None, statuses), 0)


def _started(share: Sequence[str], to: int | None) -> "subprocess.Popen[bytes]":
    # Its own cache: what two runs write into one, the later one keeps.
    cache = f"cache_dir=.pytest_cache/{share[0].replace('/', '-')}"
    command = python.command("pytest", *share, "-o", cache)
    return subprocess.Popen(command, stdout=to, stderr=None if to is None else subprocess.STDOUT)


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Ctrl-C reaches the shares by themselves; each says what it has seen by then."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
