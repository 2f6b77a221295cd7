"""Characters that were written, by their ids: in whose result each stands."""

from collections.abc import Mapping, Sequence

from storage.commands import Commands
from storage.keys import Keys
from storage.records.character import WrittenCharacter, written_in
from storage.records.ids import JobId
from storage.stored import Stored


class CharacterIndex:
    """All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys, *, keep_seconds: float) -> None:
        self._commands = commands
        self._keys = keys
        self._keep_ms = int(keep_seconds * 1000)

    async def note(self, character_id: str, job_id: JobId) -> None:
        """A character is about to be told under this id. It is to be noted before."""
        await self._commands.ask([(b"SET", self._keys.character(character_id), job_id, b"PX", self._keep_ms)])

    async def jobs_of(self, character_ids: Sequence[str]) -> list[JobId | None]:
        """The `characters` job of each, or none for an id that was never seen, or so long ago that nobody knows."""
        if not character_ids:
            return []
        answers = await self._commands.ask([(b"GET", self._keys.character(id_)) for id_ in character_ids])
        return [JobId(answer.decode()) if answer is not None else None for answer in answers]


def characters_in(sets: Mapping[JobId, Stored | None]) -> dict[str, WrittenCharacter]:
    """Every character that stands in one of these `characters` jobs, by its id; those no longer kept have none."""
    found = {}
    for stored in sets.values():
        if stored is not None and not stored.expired:
            found.update({character.id: character for character in written_in(stored.job.result)})
    return found
