"""A Valkey that a test can switch off, and on again."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from redis import Redis

from storage.embedded import EmbeddedValkey, running


class Switch:
    """A Valkey of the test's own over one folder. On, from the beginning; `off` at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._is_on = False
        self.valkey = self.on()

    def on(self) -> EmbeddedValkey:
        self.valkey = self._stack.enter_context(running(self._folder))
        self._is_on = True
        return self.valkey

    def off(self) -> None:
        """What it was told is in its file: killed, it might not have written the last of it where a disk is busy."""
        if self._is_on:
            with Redis.from_url(self.valkey.url) as redis:
                redis.shutdown(nosave=True)
        self._is_on = False
        self._stack.close()

    def forget(self) -> None:
        """Lose everything that was stored. Only while it is off."""
        shutil.rmtree(self._folder / "appendonlydir")
