"""Where the embedded servers can listen: a unix socket's path is short, and not every folder takes one."""

import hashlib
import os
import socket
import stat
import sys
import tempfile
from pathlib import Path

_PATH_BYTES = 107 if sys.platform == "linux" else 103


def short_folder(data_dir: Path) -> Path | None:
    """A folder with a short path that only this user can look into; None where none can be had.

    The same one for the same data at every start, so that killed processes leave no heap of them behind.
    """
    name = f"limner-{os.getuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if ours else None


def can_listen(path: Path) -> bool:
    """Whether there can be a socket at `path`; whatever is there is deleted.

    Tried rather than guessed: some mounted folders of virtual machines take none.
    """
    if len(os.fsencode(path)) > _PATH_BYTES:
        return False
    try:
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(str(path))
        path.unlink()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
