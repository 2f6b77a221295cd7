"""Worlds in the states that tests begin with, brought there by the repositories' own steps."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from storage.kept import Kept
from storage.landing import Landed
from storage.records.ids import new_id
from storage.records.job import ErrorCode, JobError, Status
from storage.records.world import MediaKind, Medium, MediumId, NewMedium, NewPiece, Piece, PieceId, WorldId

OWNER = "session:ann"
BASE64 = "iVBORw0KGgo-or-nearly-so"
ERROR = JobError(code=ErrorCode.PROVIDER_UNAVAILABLE, message="The provider is away.", retryable=True)


def asked(kind: MediaKind = "portrait", **changes: Any) -> NewMedium:
    """One that was just asked for."""
    given: dict[str, Any] = {"id": MediumId(new_id()), "kind": kind, "job": new_id(), "upload": new_id()}
    return NewMedium(**{**given, "input": '{"seed": 1}', **changes})


def character(name: str = "Ann", *, portrait: NewMedium | None = None, **details: Any) -> NewPiece:
    return NewPiece(PieceId(new_id()), name, json.dumps({"race": "elf", **details}), portrait)


def with_details(piece: NewPiece, **details: Any) -> NewPiece:
    return replace(piece, details=json.dumps({**json.loads(piece.details), **details}))


def ready(name: str = "Ann", *, base64: str = BASE64) -> NewPiece:
    """A character whose portrait was ready when its world was created."""
    portrait = asked(status=Status.SUCCEEDED, taken_up=True)
    return with_details(character(name, portrait=portrait), portrait=portrait.job, image_portrait_base64=base64)


def landing(key: str = "portraits/w/c_portrait.png", **changes: Any) -> Landed:
    given: dict[str, Any] = {"object_key": key, "url": f"https://objects.example/{key}", "content_type": "image/png"}
    return Landed(**{**given, "width": 640, "height": 832, "bytes": 1_234, **changes})


def landing_video(key: str = "videos/w/c_video.mp4") -> Landed:
    poster = f"https://objects.example/{key}".replace(".mp4", "_poster.jpg")
    return landing(key, content_type="video/mp4", seconds=3.0, poster_url=poster)


class KeptStates:
    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    async def world(self, *pieces: NewPiece, owner: str = OWNER, name: str = "Old Town") -> WorldId:
        return await self.kept.worlds.create(WorldId(new_id()), owner, name, pieces)

    async def lone(self, piece: NewPiece | None = None) -> tuple[WorldId, PieceId]:
        """A world of one character."""
        piece = piece or character()
        return await self.world(piece), piece.id

    async def piece(self, piece_id: PieceId) -> Piece:
        world_id = await self.kept.lore_pieces.world_of(piece_id)
        assert world_id is not None
        piece = await self.kept.lore_pieces.look(world_id, piece_id)
        assert piece is not None
        return piece

    async def details(self, piece_id: PieceId) -> dict[str, Any]:
        """All of them as they stand in the row, the picture itself too."""
        row = await self.kept.database.first("select details from lore_pieces where id = $1", piece_id)
        assert row is not None
        return dict(json.loads(row["details"]))

    async def medium(self, piece_id: PieceId, medium_id: MediumId) -> Medium:
        return next(medium for medium in await self.kept.media.history(piece_id) if medium.id == medium_id)

    async def ask(self, piece_id: PieceId, kind: MediaKind = "portrait", **changes: Any) -> NewMedium:
        media = asked(kind, **changes)
        await self.kept.media.ask(piece_id, media)
        return media

    async def taken_up(self, piece_id: PieceId, base64: str = BASE64) -> NewMedium:
        """A portrait that is finished and on its way to the object store."""
        media = await self.ask(piece_id)
        assert await self.kept.landing.take_up(media.id, base64)
        return media

    async def landed(self, piece_id: PieceId, key: str, base64: str = BASE64) -> NewMedium:
        """A portrait that is in the object store, and shown."""
        media = await self.taken_up(piece_id, base64)
        assert await self.kept.landing.landed(media.id, landing(key), base64=base64)
        return media

    async def rows(self, sql: str, *values: object) -> Sequence[dict[str, Any]]:
        return [dict(row) for row in await self.kept.database.fetch(sql, *values)]

    async def count(self, table: str) -> int:
        (row,) = await self.rows(f"select count(*) as rows from {table}")
        return int(row["rows"])

    async def until_one_waits(self) -> None:
        """Until somebody waits for what another holds."""
        waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        while not await self.rows(waiting):  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.005)
