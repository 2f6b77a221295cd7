"""Lore pieces in Postgres: the characters of worlds."""

import json
from dataclasses import dataclass

from storage.database import Connection, Database, Row
from storage.errors import MediumNotThere, PictureComing
from storage.media import error_text, insert_medium
from storage.media_statements import coming
from storage.records.job import Status
from storage.records.world import SHOWN, Making, MediumId, NewPiece, Piece, PieceId, WorldId

PIECE = """
  p.id as piece_id, p.world_id, p.name as piece_name, p.details - 'image_portrait_base64' as details,
  p.portrait_status, p.portrait_job, p.portrait_error, p.video_status, p.video_job, p.video_error,
  counted.coming, counted.portraits, counted.videos"""

COUNTED = f"""
  left join lateral (
    select count(*) filter (where m.kind = 'portrait' and (m.url is not null or {coming("m")})) as portraits,
      count(*) filter (where m.kind = 'video' and m.url is not null) as videos,
      (array_agg(m.job) filter (where {coming("m")}))[1] as coming
    from media m where m.lore_piece_id = p.id
  ) counted on true"""
"""Joined to `lore_pieces p`, for PIECE. All three in one: a look of its own for each takes thrice as long."""


@dataclass(frozen=True, slots=True)
class Image:
    """The portrait that is shown: its base64 while it is on its way, and its address once it is there."""

    base64: str | None
    url: str | None


class LorePieces:
    """All methods raise DatabaseUnavailable, and answer none or False where the world has no such character."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, world_id: WorldId, piece_id: PieceId) -> Piece | None:
        row = await self._database.first(
            f"select {PIECE} from lore_pieces p {COUNTED} where p.id = $1 and p.world_id = $2 and p.kind = 'character'",
            piece_id,
            world_id,
        )
        return piece_of(row) if row is not None else None

    async def world_of(self, piece_id: PieceId) -> WorldId | None:
        row = await self._database.first(
            "select world_id from lore_pieces where id = $1 and kind = 'character'", piece_id
        )
        return WorldId(str(row["world_id"])) if row is not None else None

    async def edit(self, world_id: WorldId, piece_id: PieceId, *, name: str | None, backstory: str | None) -> bool:
        """Change what is given."""
        changed = await self._database.execute(
            "update lore_pieces set name = coalesce($3, name), updated_at = now(), "
            "details = case when $4::text is null then details "
            "else details || jsonb_build_object('backstory', $4::text) end where id = $1 and world_id = $2",
            piece_id,
            world_id,
            name,
            backstory,
        )
        return bool(changed)

    async def image(self, world_id: WorldId, piece_id: PieceId) -> Image | None:
        row = await self._database.first(
            "select details ->> 'image_portrait_base64' as base64, details ->> 'image_portrait' as url "
            "from lore_pieces where id = $1 and world_id = $2",
            piece_id,
            world_id,
        )
        return Image(row["base64"], row["url"]) if row is not None else None

    async def choose(self, world_id: WorldId, piece_id: PieceId, medium_id: MediumId) -> bool:
        """Show this portrait or video of the character's history.

        Raises MediumNotThere while it is not in the object store, and PictureComing while another portrait is on its
        way there, which is to be shown when it comes.
        """
        async with self._database.transaction() as connection:
            known = await connection.fetchval(
                "select true from lore_pieces where id = $1 and world_id = $2 for update", piece_id, world_id
            )
            if not known:
                return False
            medium = await connection.fetchrow(
                "select kind, job, url, poster_url from media where id = $1 and lore_piece_id = $2", medium_id, piece_id
            )
            if medium is None or medium["url"] is None:
                raise MediumNotThere
            if medium["kind"] == "portrait":
                if await connection.fetchval(
                    f"select true from media m where m.lore_piece_id = $1 and {coming('m')}", piece_id
                ):
                    raise PictureComing
                shown = {"portrait": str(medium["job"]), "image_portrait": medium["url"], SHOWN: "portrait"}
            else:
                shown = {
                    "video_job": str(medium["job"]),
                    "video": medium["url"],
                    "video_poster": medium["poster_url"],
                    SHOWN: "video",
                }
            await connection.execute(
                "update lore_pieces set details = details || $2::jsonb, updated_at = now() where id = $1",
                piece_id,
                json.dumps(shown),
            )
        return True


async def insert_piece(connection: Connection, world_id: WorldId, position: int, piece: NewPiece) -> None:
    """Write a new character, with its portrait if one was asked for."""
    portrait = piece.portrait
    await connection.execute(
        "insert into lore_pieces (id, world_id, kind, position, name, details, portrait_status, portrait_job, "
        "portrait_error) values ($1, $2, 'character', $3, $4, $5::jsonb, $6, $7, $8::jsonb)",
        piece.id,
        world_id,
        position,
        piece.name,
        piece.details,
        portrait and portrait.status.value,
        portrait and portrait.job,
        error_text(portrait.error) if portrait is not None else None,
    )
    if portrait is not None:
        await insert_medium(connection, piece.id, portrait)


def piece_of(row: Row) -> Piece:
    """The character that a row of PIECE is."""
    details = json.loads(row["details"])
    return Piece(
        PieceId(str(row["piece_id"])),
        WorldId(str(row["world_id"])),
        row["piece_name"],
        details,
        _making(row, "portrait", details.get("image_portrait"), None, row["coming"], row["portraits"]),
        _making(row, "video", details.get("video"), details.get("video_poster"), None, row["videos"]),
    )


def _making(row: Row, kind: str, url: str | None, poster_url: str | None, coming: object, count: int) -> Making:
    status, job, error = row[f"{kind}_status"], row[f"{kind}_job"], row[f"{kind}_error"]
    return Making(
        Status(status) if status is not None else None,
        str(job) if job is not None else None,
        json.loads(error) if error is not None else None,
        url,
        poster_url,
        str(coming) if coming is not None else None,
        count,
    )
