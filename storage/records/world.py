"""Worlds: what users decide to keep. A world has lore pieces; those of kind `character` have portraits and videos."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NewType

from storage.records.job import JobError, JsonObject, Status, Timestamp

WorldId = NewType("WorldId", str)
PieceId = NewType("PieceId", str)
MediumId = NewType("MediumId", str)

MediaKind = Literal["portrait", "video"]

BASE64 = "image_portrait_base64"
"""In `details`: the picture itself, until it is in the object store."""
PORTRAIT_JOB = "portrait"
"""In `details`: the job that made the picture that is shown."""
SHOWN = "shown"
"""In `details`: the kind of what was chosen, or came, last."""


@dataclass(frozen=True, slots=True)
class NewMedium:
    """A portrait or video that was asked for, of which there is nothing yet but its job; `input` is that job's.

    With `taken_up` it is a finished portrait, whose base64 stands in the details of its lore piece.
    """

    id: MediumId
    kind: MediaKind
    job: str
    upload: str
    status: Status = Status.QUEUED
    error: JobError | None = None
    input: str | None = None
    taken_up: bool = False


@dataclass(frozen=True, slots=True)
class NewPiece:
    """A lore piece of kind `character`. Its `details` are JSON, as they will stand."""

    id: PieceId
    name: str
    details: str
    portrait: NewMedium | None = None


@dataclass(frozen=True, slots=True)
class World:
    id: WorldId
    owner: str
    name: str
    opened: frozenset[str]
    """The kinds of media that its board has asked for by itself."""
    created_at: Timestamp
    updated_at: Timestamp


@dataclass(frozen=True, slots=True)
class Making:
    """How it stands with a character's portraits, or its videos.

    `status`, `job` and `error` are those of the newest that was asked for, as last noted, and none where none was.
    `url` is the one to show; `coming` the job of a finished portrait that is on its way to the object store, to be
    shown before that. `count` are those that there are.
    """

    status: Status | None
    job: str | None
    error: JsonObject | None
    url: str | None
    poster_url: str | None
    coming: str | None
    count: int

    @property
    def there(self) -> bool:
        return self.url is not None or self.coming is not None

    @property
    def being_made(self) -> bool:
        return self.status in (Status.QUEUED, Status.PROCESSING)

    @property
    def missing(self) -> bool:
        """Neither there nor being made. One that is finished and was not taken up yet is being made still."""
        return not self.there and not self.being_made and self.status is not Status.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Piece:
    """A character of a world. `details` are without the picture itself."""

    id: PieceId
    world_id: WorldId
    name: str
    details: dict[str, Any]
    portrait: Making
    video: Making

    def making(self, kind: MediaKind) -> Making:
        return self.portrait if kind == "portrait" else self.video

    @property
    def shown(self) -> MediaKind | None:
        """Which of both hangs, where there are both what was chosen, or came, last; none where there is neither."""
        if not self.video.there:
            return "portrait" if self.portrait.there else None
        return "portrait" if self.portrait.there and self.details.get(SHOWN) == "portrait" else "video"


@dataclass(frozen=True, slots=True)
class Board:
    world: World
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class ListedWorld:
    """A world in the Library. `cover` is the first picture that is in the object store."""

    world: World
    characters: int
    portraits: int
    videos: int
    cover: str | None


@dataclass(frozen=True, slots=True)
class Medium:
    """One portrait or video in the history of a character. Without `url` it is not in the object store (yet)."""

    id: MediumId
    kind: MediaKind
    job: str
    status: Status
    error: JsonObject | None
    url: str | None
    poster_url: str | None
    content_type: str | None
    width: int | None
    height: int | None
    bytes: int | None
    seconds: float | None
    created_at: Timestamp
    chosen: bool


def at(moment: datetime) -> Timestamp:
    """A time as Postgres has it, in the form of all others."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
