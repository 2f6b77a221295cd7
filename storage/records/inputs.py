"""What a worker is given to do: the input of each kind, as it waits in Redis, and the fingerprint of what was sent."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict, Field, model_validator

from storage.records.character import Character
from storage.records.media import PictureFormat

CHARACTERS, PORTRAIT, VIDEO, UPLOAD = "characters", "portrait", "video", "upload"
"""The kinds of job. The input of each is below."""

SEEDS = 2**32
"""Seeds are 0 … 2³²−1."""


class CharactersInput(BaseModel):
    model_config = ConfigDict(frozen=True)

    count: int = Field(ge=1, le=10)
    theme: str | None
    seed: int


class PortraitInput(BaseModel):
    model_config = ConfigDict(frozen=True)

    description: str
    character: Character | None
    seed: int
    width: int = 640
    height: int = 640
    format: PictureFormat = "png"


class VideoInput(BaseModel):
    """A video of a portrait, which is looked for in this order: the object that it has become, the job that paints it,
    and what is kept of that job in the lore piece. With a world and a character the video is stored as theirs."""

    model_config = ConfigDict(frozen=True)

    portrait: str | None = None
    object_key: str | None = None
    lore_piece: str | None = None
    world_id: str | None = None
    character_id: str | None = None
    seed: int


class UploadInput(BaseModel):
    """A portrait for the object store: `media`, a row of a world that is kept; or for an application's own world
    either the job that paints the portrait or the picture itself, and whose it is.

    `ours` says that this world, too, is one that is kept here, and may be deleted before the picture is put away."""

    model_config = ConfigDict(frozen=True)

    media: str | None = None
    portrait: str | None = None
    image_base64: str | None = None
    world_id: str | None = None
    character_id: str | None = None
    ours: bool = False

    @model_validator(mode="after")
    def _one_of_three(self) -> "UploadInput":
        if [self.media, self.portrait, self.image_base64].count(None) != 2:
            raise ValueError("media, portrait or image_base64 must be given, and no two of them")
        whose = {self.world_id is None, self.character_id is None}
        if whose != {self.media is not None}:
            raise ValueError("world_id and character_id must be given, but not with media")
        return self


def fingerprint(kind: str, sent: object) -> str:
    """Stands for an input as it was sent: the same whatever the order of its fields, another for another kind."""
    text = json.dumps([kind, sent], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
