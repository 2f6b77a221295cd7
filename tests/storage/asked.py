"""Commands that are counted on their way."""

from collections.abc import Awaitable, Sequence
from typing import Any

from storage.commands import Command, Commands


class Asked:
    """Hands everything on, and keeps what was asked: a list of commands for each round trip."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self.round_trips: list[list[Command]] = []

    def ask(self, commands: Sequence[Command]) -> Awaitable[list[Any]]:
        self.round_trips.append(list(commands))
        return self._commands.ask(commands)
