"""Servers of other projects, run for as long as a block lasts: for tests and measurements."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from storage.errors import EmbeddedUnavailable
from storage.parent_death import dies_with_parent

_START_SECONDS = 20.0
_END_SECONDS = 10.0


@contextmanager
def served(
    name: str,
    command: tuple[str, ...],
    is_ready: Callable[[], bool],
    *,
    end_signal: signal.Signals = signal.SIGKILL,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    runs_as: tuple[int, int] | None = None,
) -> Iterator[None]:
    """Run `command` in `folder`, as uid and gid `runs_as`, from when `is_ready` is true until the block ends.

    It is sent `end_signal` at the end, and by the kernel if the thread that started it ends before. Raises
    EmbeddedUnavailable with what it printed if it does not become ready.
    """
    with ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(  # noqa: S603 - our own words only
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=runs_as[0] if runs_as else None,
            group=runs_as[1] if runs_as else None,
            extra_groups=() if runs_as else None,
            preexec_fn=dies_with_parent(end_signal),
        )
        stack.callback(_end, process, end_signal)
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise EmbeddedUnavailable(f"The embedded {name} did not start:\n{log.read().decode(errors='replace')}")
            time.sleep(0.01)
        yield


def _end(process: subprocess.Popen[bytes], end_signal: signal.Signals) -> None:
    process.send_signal(end_signal)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
    process.kill()
    process.wait()
