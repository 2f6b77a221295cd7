"""Cores and costs: where a process runs, how much of the processor it took, how much memory it holds. Linux."""

import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.processes import NotMeasured
from storage.parent_death import dies_with_parent

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cores:
    server: int
    load: int
    """Of everything else: clients, publisher, Redis."""


def cores() -> Cores:
    """Two of those this process may use. Raises NotMeasured with fewer, for both sides would take turns on one."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(usable) < 2:
        raise NotMeasured("The hub is measured on two cores, one for the server alone, and fewer are to be had here.")
    return Cores(usable[0], usable[1])


def open_files(wanted: int) -> None:
    """Let this process and its children open as many as they may. Raises NotMeasured if that is fewer than wanted."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < wanted:
        raise NotMeasured(
            f"Each side needs {wanted:,} open files, and {most:,} are allowed: raise the limit "
            "(`ulimit -Hn`), or measure with fewer --clients."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def pinned(core: int) -> Callable[[], None]:
    """To be called in a child before it begins: it and its children stay on `core`, and it ends with its parent."""
    die = dies_with_parent(signal.SIGKILL)

    def prepare() -> None:
        os.sched_setaffinity(0, {core})
        if die is not None:
            die()

    return prepare


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time. `total` is counted by the scheduler; the other two come in ticks of 10 ms."""

    total: float
    user: float
    system: float

    def __sub__(self, before: "Cpu") -> "Cpu":
        return Cpu(self.total - before.total, self.user - before.user, self.system - before.system)


def cpu(root: int) -> Cpu:
    """What a process and its children have taken so far."""
    total = user = system = 0.0
    for pid in _tree(root):
        try:
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            exact = sum(int(task.read_text().split()[0]) for task in PROC.glob(f"{pid}/task/*/schedstat")) / 1e9
        except OSError:
            continue
        in_user, in_system = int(fields[11]) / TICKS, int(fields[12]) / TICKS
        user += in_user
        system += in_system
        total += max(exact, in_user + in_system)  # ended threads are in the ticks only
    return Cpu(total, user, system)


def memory(root: int) -> int:
    """Bytes that a process and its children hold; what they share is counted once (Pss)."""
    total = 0
    for pid in _tree(root):
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _tree(root: int) -> Iterator[int]:
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += _children(PROC.glob(f"{pid}/task/*/children"))


def _children(files: Iterable[Path]) -> Iterator[int]:
    for file in files:
        try:
            yield from map(int, file.read_text().split())
        except OSError:
            continue
