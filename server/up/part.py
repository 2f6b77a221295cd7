"""What the supervisor keeps running, and when it tries again."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
LONG_LIFE = 30.0


@dataclass(frozen=True)
class Part:
    """One process: how it is started, how it dies with `up`, and how one knows that it serves."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()
    folder: Path | None = None
    """The one it stands in; None: ours."""
    runs_as: tuple[int, int] | None = None
    """Its uid and gid; None: ours."""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when `up` ended without stopping this part. Nobody is there to insist, so it is SIGKILL where
    the part can stand it."""
    is_ready: Callable[[], Awaitable[bool]] | None = None
    """Asked until it is true before the next tier is started. None: the next tier need not wait."""
    shown: bool = True
    """Its output is shown behind its name. Else it writes to our own standard error by itself."""
    hides: Callable[[str], bool] = lambda line: False
    """Lines of its output that are not worth showing."""


class RestartPause:
    """How long to wait before a part is started again: longer each time, from the start again after a long life."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    def after(self, lived: float) -> float:
        """Seconds to wait after a life of `lived` seconds."""
        if lived >= LONG_LIFE:
            self._next = FIRST_PAUSE
        pause = self._next
        self._next = min(pause * 2, LONGEST_PAUSE)
        return pause
