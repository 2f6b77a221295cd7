"""Processes that do not outlive the one that started them, even when that one is killed."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1

# Looked up before any fork: the child of a fork should do as little as it can.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def dies_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` for Popen: the kernel sends `death_signal` to the child when its parent ends, in whatever way.

    Start the child from a thread that lives as long as it should: Linux watches the *thread* that forked. A child that
    is to be another user has to be made so by Popen's `user`, which comes first: to change the user later would end the
    watch. None where the system offers nothing of the kind (macOS).
    """
    if _prctl is None:
        return None
    parent = os.getpid()

    def ask() -> None:
        _prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            # It ended before it could be watched.
            os.kill(os.getpid(), signal.SIGKILL)

    return ask
