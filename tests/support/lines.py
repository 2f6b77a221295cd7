"""Reading what a process prints, with a deadline for each thing waited for."""

import os
import re
import select
import subprocess
import time

DEADLINE_SECONDS = 30.0


class Lines:
    """The output of a process that was started with `stdout=PIPE`. Everything read so far is in `seen`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._output = process.stdout.fileno()
        self._rest = b""
        self.seen: list[str] = []

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read up to the next line in which `pattern` is found. Fails, showing everything, when none comes."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (line := self._next(deadline)) is not None:
            if match := re.search(pattern, line):
                return match
        shown = "\n".join(self.seen)
        raise AssertionError(f"no line with {pattern!r}; there was:\n{shown}")

    def wait_until_seen(self, pattern: str) -> None:
        """The same where the line may have come already."""
        if not any(re.search(pattern, line) for line in self.seen):
            self.wait_for(pattern)

    def rest(self) -> list[str]:
        """Read up to the end of the output, and return every line there ever was."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self._next(deadline) is not None:
            pass
        return self.seen

    def _next(self, deadline: float) -> str | None:
        while b"\n" not in self._rest:
            if not select.select([self._output], [], [], max(0, deadline - time.monotonic()))[0]:
                return None
            chunk = os.read(self._output, 65_536)
            if not chunk:
                return None
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        self.seen.append(line.decode())
        return self.seen[-1]
