"""What the job is given that makes a portrait or a video of a character that is kept."""

import secrets

from pydantic import ValidationError

from server.api.sent_character import SentCharacter
from storage.media import Media
from storage.postgres_text import without_nul
from storage.records.character import Character
from storage.records.ids import parse_job_id
from storage.records.inputs import SEEDS, PortraitInput, VideoInput
from storage.records.job import JsonObject
from storage.records.world import PORTRAIT_JOB, MediaKind, Piece

NO_PORTRAIT = "It has no portrait that could be set in motion, and none is being made."
LOST_PORTRAIT = "Its portrait is not in the object store of this server."


class NotPossible(Exception):
    """There can be no video now; `args` holds the sentence that says why."""


async def input_of(
    piece: Piece, kind: MediaKind, media: Media, seed: int | None = None, description: str | None = None
) -> str:
    """The input of the job, as JSON, of the character as it is kept. Raises NotPossible, DatabaseUnavailable."""
    seed = seed if seed is not None else secrets.randbelow(SEEDS)
    if kind == "portrait":
        return without_nul(_portrait(piece, description, seed).model_dump_json(by_alias=True))
    return (await _video(piece, media, seed)).model_dump_json()


async def _video(piece: Piece, media: Media, seed: int) -> VideoInput:
    portrait, key, job = piece.portrait, None, None
    if portrait.coming is not None:
        job = portrait.coming
    elif portrait.url is not None:
        key = await _key_of_shown(piece, media)
    elif portrait.job is not None and not portrait.missing:
        job = portrait.job
    else:
        raise NotPossible(NO_PORTRAIT)
    return VideoInput(
        portrait=job,
        object_key=key,
        lore_piece=piece.id,
        world_id=piece.world_id,
        character_id=piece.id,
        seed=seed,
    )


async def _key_of_shown(piece: Piece, media: Media) -> str:
    """Where in the object store the portrait is that is shown."""
    try:
        job = parse_job_id(str(piece.details.get(PORTRAIT_JOB)))
    except ValueError:
        raise NotPossible(LOST_PORTRAIT) from None
    picture = await media.picture_of(piece.id, job)
    if picture is None or picture.object_key is None:
        raise NotPossible(LOST_PORTRAIT)
    return picture.object_key


def _portrait(piece: Piece, description: str | None, seed: int) -> PortraitInput:
    """Of the character as it is kept, or of what somebody says instead."""
    if description is not None:
        return PortraitInput(description=description, character=None, seed=seed)
    words = ("race", "class", "traits", "stats", "backstory", "appearance")
    known: JsonObject = {word: piece.details[word] for word in words if piece.details.get(word) is not None}
    try:
        character = Character.model_validate({"name": piece.name, **known})
        return PortraitInput(description=character.described, character=character, seed=seed)
    except ValidationError:
        pass
    try:
        described = SentCharacter.model_validate({"name": piece.name, **known}).described()
    except ValidationError:  # another program's
        described = ", ".join([piece.name, *(str(known[word]) for word in words[:2] if word in known)])
    return PortraitInput(description=described, character=None, seed=seed)
