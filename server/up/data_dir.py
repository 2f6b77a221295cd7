"""The folder everything is kept in, and the right to be the only one that uses it."""

import fcntl
import os
import secrets
import time
from pathlib import Path

from server.up.errors import CannotStart

_PATIENCE_SECONDS = 2.0
_SECRET_BYTES = 32


class DataDir:
    """A folder held by a lock until this process, and every child that was given `lock_fd`, has ended.

    The lock is the kernel's, not a file that says so: it cannot be left behind. Raises CannotStart.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.lock_fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            self._lock()
        except OSError as error:
            raise CannotStart(f"the data folder {self.path} cannot be used: {error.strerror}.") from None

    def _lock(self) -> None:
        # The parts of an `up` that was killed a moment ago may need one to end.
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CannotStart(
                        f"the data folder {self.path} is in use by another Limner: stop that one, "
                        "or give this one a folder of its own with --data-dir."
                    ) from None
                time.sleep(0.02)

    def secret(self) -> str:
        """What cookies are signed with: made once, kept in the file `secret`, which only its owner can read."""
        kept = self.path / "secret"
        try:
            if kept.exists() and (text := kept.read_text().strip()):
                return text
            new = kept.with_suffix(".new")
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            text = secrets.token_urlsafe(_SECRET_BYTES)
            new.write_text(text + "\n")
            new.replace(kept)
        except OSError as error:
            raise CannotStart(f"the file {kept} cannot be used: {error.strerror}.") from None
        return text
