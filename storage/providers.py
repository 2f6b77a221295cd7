"""Providers that an operator has paused: nothing more begins with them until they are resumed."""

from storage.commands import Commands
from storage.keys import Keys
from storage.workers import Workers


class Providers:
    """All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._keys = keys
        self._workers = Workers(commands, keys)

    async def pause(self, provider: str) -> None:
        """No run begins with the provider from now on. Those that have begun go on."""
        await self._commands.ask([(b"SADD", self._keys.paused, provider)])

    async def resume(self, provider: str) -> None:
        """Runs begin again, at once: all workers are woken, for any kind may have waited for it."""
        kinds = {kind for worker in await self._workers.listed() for kind in worker.kinds}
        await self._commands.ask(
            [
                (b"SREM", self._keys.paused, provider),
                *((b"PUBLISH", self._keys.wake(kind), b"") for kind in sorted(kinds)),
            ]
        )

    async def paused(self) -> frozenset[str]:
        """The names of all that are paused."""
        (names,) = await self._commands.ask([(b"SMEMBERS", self._keys.paused)])
        return frozenset(name.decode() for name in names)
