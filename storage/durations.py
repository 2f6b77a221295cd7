"""How long the last jobs of each kind took, so that the next one can say when it will be finished."""

import asyncio
import contextlib
from collections import defaultdict

from storage.commands import Command, Commands
from storage.errors import StoreUnavailable
from storage.keys import Keys

KEPT = 50
WRITTEN_SECONDS = 1.0


class Durations:
    """What one process notes is written in one go: `serve()` does so every second, and whoever reads does so first."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._keys = keys
        self._noted: defaultdict[str, list[int]] = defaultdict(list)

    def note(self, kind: str, provider: str, milliseconds: int) -> None:
        """Remember one that succeeded, and whose whole work was done in that time."""
        noted = self._noted[self._keys.durations(kind, provider)]
        noted.append(milliseconds)
        del noted[:-KEPT]

    async def recent(self, kind: str, provider: str) -> list[int]:
        """The last ones in milliseconds, newest first. Raises StoreUnavailable."""
        await self.write()
        (values,) = await self._commands.ask([(b"LRANGE", self._keys.durations(kind, provider), 0, KEPT - 1)])
        return [int(value) for value in values]

    async def write(self) -> None:
        """Raises StoreUnavailable; what was noted is then written the next time."""
        noted, self._noted = self._noted, defaultdict(list)
        commands: list[Command] = []
        for key, values in noted.items():
            commands += [(b"LPUSH", key, *values), (b"LTRIM", key, 0, KEPT - 1)]
        try:
            await self._commands.ask(commands)
        except StoreUnavailable:
            for key, values in noted.items():
                self._noted[key] = [*values, *self._noted[key]][-KEPT:]
            raise

    async def serve(self) -> None:
        """Write until cancelled. What was noted since the last time is lost then, and nobody misses it."""
        while True:
            await asyncio.sleep(WRITTEN_SECONDS)
            with contextlib.suppress(StoreUnavailable):
                await self.write()
