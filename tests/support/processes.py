"""Watching processes that are not our own children."""

import os
import select
from contextlib import suppress
from pathlib import Path

from tests.support.lines import DEADLINE_SECONDS


class Watched:
    """A process held by a descriptor, so that its number cannot come to mean another one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def has_ended(self) -> bool:
        """Whether it ends before the deadline."""
        try:
            return bool(select.select([self._descriptor], [], [], DEADLINE_SECONDS)[0])
        finally:
            os.close(self._descriptor)


def children(pid: int) -> dict[int, str]:
    """The children of `pid` by number, with their state: a letter as in `ps`, Z for one that nobody has reaped."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid:
            found[int(stat.parent.name)] = state
    return found


def watched_family(pid: int) -> list[Watched]:
    """`pid`, its children, theirs, and so on, but those that end meanwhile."""
    found = []
    with suppress(ProcessLookupError):
        found.append(Watched(pid))
    return [*found, *(one for child in children(pid) for one in watched_family(child))]
