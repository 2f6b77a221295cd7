"""What a worker is given to do: the input of each kind, as it waits in Redis, and the fingerprint of what was sent."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict, Field

from storage.records.character import Character
from storage.records.media import PictureFormat

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


def fingerprint(kind: str, sent: object) -> str:
    """Stands for an input as it was sent: the same whatever the order of its fields, another for another kind."""
    text = json.dumps([kind, sent], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
