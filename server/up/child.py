"""One life of a part: the process, its output, its end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from server.up.part import Part
from storage.parent_death import dies_with_parent

_CHUNK = 65_536
_LONGEST_LINE = 65_536


class Child:
    """Starts `part` at once, in a session of its own, so that a terminal's Ctrl-C reaches `up` alone.

    Make it in the main thread, in a running loop, and call `reap` on every SIGCHLD. `ended` is then set to the exit
    status, negative for the signal that killed it. Raises OSError when the process cannot be started.
    """

    def __init__(self, part: Part, show: Callable[[str, str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._part = part
        self._show_line = show
        self._unfinished = b""
        self._output: int | None = None
        written_by_child = None
        if part.shown:
            self._output, written_by_child = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own words only
                part.command,
                cwd=part.folder,
                env=part.environment,
                stdin=subprocess.DEVNULL,
                stdout=written_by_child if part.shown else sys.stderr,
                stderr=subprocess.STDOUT,
                pass_fds=part.pass_fds,
                start_new_session=True,
                user=part.runs_as[0] if part.runs_as else None,
                group=part.runs_as[1] if part.runs_as else None,
                extra_groups=() if part.runs_as else None,
                preexec_fn=dies_with_parent(part.death_signal),
            )
        except OSError:
            if self._output is not None:
                os.close(self._output)
            raise
        finally:
            if written_by_child is not None:
                os.close(written_by_child)
        if self._output is not None:
            os.set_blocking(self._output, False)
            self._loop.add_reader(self._output, self._read, self._output)
        self.ended: asyncio.Future[int] = self._loop.create_future()

    @property
    def name(self) -> str:
        return self._part.name

    def reap(self) -> None:
        """Notice the end of the process, if it has ended."""
        if self.ended.done() or self._process.poll() is None:
            return
        # What it started itself is of its group, and nobody else's to end.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._output is not None:
            self._loop.remove_reader(self._output)
            while self._read(self._output):
                pass
            if self._unfinished:
                self._show(self._unfinished)
            os.close(self._output)
        self.ended.set_result(self._process.returncode)

    def terminate(self) -> None:
        """Ask it to end."""
        if not self.ended.done():
            self._process.send_signal(self._part.stop_signal)

    def kill(self) -> None:
        """End it now, with everything it started."""
        if not self.ended.done():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, output: int) -> bool:
        """Show what can be read without waiting. False when there was nothing."""
        try:
            chunk = os.read(output, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._loop.remove_reader(output)
            return False
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        if len(self._unfinished) > _LONGEST_LINE:
            lines.append(self._unfinished)
            self._unfinished = b""
        for line in lines:
            self._show(line)
        return True

    def _show(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if text and not self._part.hides(text):
            self._show_line(self.name, text)
