"""The folder in which several processes share their figures."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "limner-metrics-"


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """A folder of our own, until the end. Those whose holders were killed are removed before.

    Who holds a folder has a lock on it, and the kernel's: it cannot be left behind, and counts in every container
    that shares the folders.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)
    folder, descriptor = _new()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _new() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):
            descriptor = _open(folder)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)  # somebody who has just started took it, not locked yet, for one that was left


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):  # somebody's who lives, another user's, or removed by another start
        descriptor = _open(folder)
        try:
            if os.fstat(descriptor).st_uid == os.geteuid():
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
