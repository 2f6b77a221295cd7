"""A Valkey that a test can switch off, and on again."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from storage.embedded import EmbeddedValkey, running


class Switch:
    """A Valkey of the test's own over one folder. On, from the beginning; `off` at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self.valkey = self.on()

    def on(self) -> EmbeddedValkey:
        self.valkey = self._stack.enter_context(running(self._folder))
        return self.valkey

    def off(self) -> None:
        self._stack.close()

    def forget(self) -> None:
        """Lose everything that was stored. Only while it is off."""
        shutil.rmtree(self._folder / "appendonlydir")
