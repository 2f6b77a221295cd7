"""Finished media: the picture itself, and what a job's result says of it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

PictureFormat = Literal["png", "jpeg", "webp"]

PORTRAIT_PROVIDERS = ("painter", "replicate")
"""Who can be asked for a portrait by name; the first is the default."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture. `content_type` is told from `data` by whoever made it."""

    data: bytes
    content_type: str
    width: int
    height: int


class PictureResult(BaseModel):
    """`result` of a job of kind `portrait`."""

    model_config = ConfigDict(frozen=True)

    url: str
    content_type: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Video:
    """An encoded video, and its first frame as a picture."""

    data: bytes
    content_type: str
    width: int
    height: int
    seconds: float
    poster: Picture


class VideoResult(BaseModel):
    """`result` of a job of kind `video`. `poster` is the address of its first frame."""

    model_config = ConfigDict(frozen=True)

    url: str
    content_type: str
    width: int
    height: int
    bytes: int
    seconds: float
    poster: str
