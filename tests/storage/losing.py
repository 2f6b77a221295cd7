"""Commands whose way to Redis, or back, is cut at a script of the test's choice."""

from collections.abc import Sequence
from typing import Any, Literal

from storage.commands import Command, Commands
from storage.errors import StoreUnavailable

Lost = Literal["request", "answer"]


class Losing:
    """Hands everything on. Of the next script that is called, what is set as `lose` does not arrive."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self.lose: Lost | None = None

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        scripts = any(command[0] == b"EVALSHA" for command in commands)
        if scripts and self.lose == "request":
            raise StoreUnavailable("the request was lost")
        answers = await self._commands.ask(commands)
        if scripts and self.lose == "answer":
            raise StoreUnavailable("the answer was lost")
        return answers
