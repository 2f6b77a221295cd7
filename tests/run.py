"""`limner test`: the whole suite. Arguments go to pytest; paths among them are seen from the repository's root.

Without arguments it runs in shares, several side by side, for much of a test's time is waiting. Each has its own
Valkey, Postgres, ports and prefixes, as suites on one machine have.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence

import pytest

from server.up import python

FOLDERS = (
    "tests/browser",
    "tests/server",
    "tests/system/faults",
    "tests/server/hub",
    "tests/system",
    "tests/bench",
    "tests/jobs",
    "tests",
)
"""What takes longest comes first, so that nothing long is left to run alone. A folder's share is what no other has."""
AT_ONCE = 4


def shares(folders: Sequence[str] = FOLDERS) -> list[list[str]]:
    return [
        [folder, *(f"--ignore={other}" for other in folders if other.startswith(f"{folder}/"))] for folder in folders
    ]


def main(arguments: list[str]) -> int:
    os.chdir(python.ROOT)
    return pytest.main(arguments) if arguments else asyncio.run(side_by_side(shares()))


async def side_by_side(shares: Sequence[Sequence[str]]) -> int:
    """Run the shares, in their order as far as they are begun, and print what each has said when it has ended. Answers
    the first exit status that is not 0, if there is one.

    Ctrl-C reaches those that run by themselves: each says what it has seen by then, and no other is begun.
    """
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    turn = asyncio.Semaphore(AT_ONCE)

    async def run(share: Sequence[str]) -> int:
        async with turn:
            return pytest.ExitCode.INTERRUPTED if interrupted.is_set() else await _run(share)

    statuses = await asyncio.gather(*map(run, shares))
    return next(filter(None, statuses), 0)


async def _run(share: Sequence[str]) -> int:
    name, begun = share[0], time.monotonic()
    print(f"{name}: begun", flush=True)
    # Its own cache: what two runs write into one, the later one keeps.
    cache = f"cache_dir=.pytest_cache/{name.replace('/', '-')}"
    command = python.command("pytest", *share, "-o", cache)
    pipe, together = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=together)
    said, _ = await process.communicate()
    print(f"{said.decode(errors='replace')}{name}: ended after {time.monotonic() - begun:.0f} s", flush=True)
    return await process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
