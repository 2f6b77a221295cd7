"""Doing something as another user, for tests that root runs."""

import os
import traceback
from collections.abc import Callable


def in_a_fork(uid: int, act: Callable[[], object]) -> None:
    """Call `act` in a fork of this process that belongs to `uid`. Fails with what it raised.

    A fork, because another user may not be able to read this Python.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        raised = "it ended without a word"
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            act()
            raised = ""
        except BaseException:
            raised = traceback.format_exc()
        finally:
            os.write(writing, raised.encode())
            os._exit(0)
    os.close(writing)
    with open(reading) as told:
        raised = told.read()
    os.waitpid(child, 0)
    assert not raised, raised
