"""Kind `characters`: a set of characters, each with a portrait that is painted while it is being read."""

import contextlib
import uuid
import zlib
from functools import partial

from jobs.persistence import persistently
from jobs.providers.base import CharactersRequest, TextProvider
from jobs.registry import Finished
from jobs.run import Run
from storage.characters import CharacterIndex
from storage.errors import IdTaken, JobUnknown
from storage.jobs import JobStore
from storage.logs import Event, log
from storage.records.character import Character, WrittenCharacter, written_in
from storage.records.ids import JobId, new_job_id
from storage.records.inputs import PORTRAIT, CharactersInput, PortraitInput, fingerprint
from storage.records.job import JsonObject
from storage.stored import Submission


class WriteCharacters:
    """Writes with `provider` and submits the portraits, in their order, for the same owner.

    Each character is stored with its portrait's id before that portrait is submitted. A second run therefore finds
    every portrait that may exist, submits it again under its id, and changes no character that somebody may have read.
    """

    def __init__(self, provider: TextProvider, store: JobStore, index: CharacterIndex) -> None:
        self._provider = provider
        self._store = store
        self._index = index

    async def __call__(self, run: Run) -> Finished:
        wanted = CharactersInput.model_validate_json(run.input)
        written = written_in(run.job.result)
        for index, earlier in enumerate(written):
            await self._submit_portrait(run, wanted, index, earlier)
        if len(written) < wanted.count:
            log(Event.PROVIDER_CALLED, job=run.job.id, provider=self._provider.name)
            request = CharactersRequest(
                count=wanted.count,
                theme=wanted.theme,
                seed=wanted.seed,
                written=tuple(character.character for character in written),
            )
            async with contextlib.aclosing(self._provider.write(request)) as characters:
                async for character in characters:
                    written.append(_named(character))
                    await persistently(partial(self._index.note, written[-1].id, run.id))
                    await run.publish(len(written) / wanted.count, "writing the characters", _result(written))
                    await self._submit_portrait(run, wanted, len(written) - 1, written[-1])
        return Finished(_result(written))

    async def _submit_portrait(
        self, run: Run, wanted: CharactersInput, index: int, character: WrittenCharacter
    ) -> None:
        portrait = PortraitInput(
            description=character.character.described,
            character=character.character,
            seed=zlib.crc32(f"{wanted.seed}:{index}".encode()),
        )
        submission = Submission(
            id=JobId(character.portrait),
            kind=PORTRAIT,
            owner=run.owner,
            input=portrait.model_dump_json(by_alias=True).encode(),
            fingerprint=fingerprint(PORTRAIT, portrait.model_dump(mode="json", by_alias=True)),
        )
        try:
            acceptance, _ = await persistently(lambda: self._store.submit(submission))
        except (JobUnknown, IdTaken):
            return  # an earlier run has submitted it: it is there, or so long painted that it is gone
        log(Event.SUBMITTED, job=character.portrait, kind=PORTRAIT, how=acceptance.value)


def _named(character: Character) -> WrittenCharacter:
    return WrittenCharacter.model_validate(
        {**character.model_dump(by_alias=True), "id": str(uuid.uuid4()), "portrait": new_job_id()}
    )


def _result(written: list[WrittenCharacter]) -> JsonObject:
    return {"characters": [character.model_dump(by_alias=True) for character in written]}
