"""A text provider that writes what a test hands it, when the test hands it."""

import asyncio
from collections.abc import AsyncGenerator

from jobs.providers.base import CharactersRequest
from storage.records.character import Character, Stats


def character(name: str) -> Character:
    return Character(
        name=name,
        race="dwarf",
        class_="smith",
        traits=["patient", "proud"],
        stats=Stats(strength=15, agility=8, intellect=10, willpower=12, charm=9, luck=11),
        backstory=f"{name} was born under a mountain.",
        appearance="a red beard, a leather apron, a forge behind",
    )


class Writer:
    """Yields each character put into `hand`; an exception there is raised. What was asked for is in `requests`."""

    name = "writer"

    def __init__(self, *characters: Character | Exception) -> None:
        self.hand: asyncio.Queue[Character | Exception] = asyncio.Queue()
        self.requests: list[CharactersRequest] = []
        for one in characters:
            self.hand.put_nowait(one)

    async def write(self, request: CharactersRequest) -> AsyncGenerator[Character]:
        self.requests.append(request)
        for _ in range(request.count - len(request.written)):
            one = await self.hand.get()
            if isinstance(one, Exception):
                raise one
            yield one
