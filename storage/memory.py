"""How full Redis is, looked at by those who take jobs in."""

import time
from collections.abc import Callable

from storage.commands import Commands
from storage.connect import FULL
from storage.errors import StoreFull

LOOK_SECONDS = 1.0


class Memory:
    """Knows how much of `maxmemory` is used, as of a second ago at most. Without a `maxmemory` there is no limit."""

    def __init__(self, commands: Commands, clock: Callable[[], float] = time.monotonic) -> None:
        self._commands = commands
        self._clock = clock
        self._looked = float("-inf")
        self._full: int | None = None

    async def full(self) -> StoreFull | None:
        """Why a new job is not to be taken, if it is not. Raises StoreUnavailable."""
        now = self._clock()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now  # at once: of all who ask meanwhile one is enough
            (answer,) = await self._commands.ask([("INFO", "memory")])
            about = dict(line.partition(":")[::2] for line in answer.decode().splitlines())
            most, used = int(about.get("maxmemory", 0)), int(about["used_memory"])
            self._full = 100 * used // most if most and used > FULL * most else None
        return StoreFull(self._full) if self._full is not None else None
