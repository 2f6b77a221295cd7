"""Portraits and videos of characters in Postgres: from their jobs to their places in the object store."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Connection, Database, Row
from storage.errors import BeingMade, PieceUnknown
from storage.media_statements import (
    ADOPT,
    BEGIN_ANEW,
    HISTORY,
    LANDED,
    NOTE,
    PIECE_OF,
    REFUSED,
    SHOWN,
    TAKEN_UP,
    WAITING,
    coming,
    note_on_piece,
)
from storage.postgres_text import without_nul
from storage.records.job import JobError, Status
from storage.records.world import MediaId, MediaKind, Medium, NewMedia, PieceId, WorldId, at


@dataclass(frozen=True, slots=True)
class Waiting:
    """A portrait or video that is not there yet, as the sweep looks at it."""

    id: MediaId
    piece_id: PieceId
    world_id: WorldId
    name: str
    """The character's."""
    owner: str
    kind: MediaKind
    job: str
    upload: str
    input: str | None
    status: Status
    taken_up: bool
    age: float
    """Seconds since it was asked for."""


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A portrait whose base64 stands in Postgres, for the one who puts it into the object store."""

    id: MediaId
    piece_id: PieceId
    world_id: WorldId
    job: str
    base64: str | None
    """None where the details hold another picture by now, or none."""
    url: str | None
    """Where it is, if it is there already."""
    earlier: int
    """How many portraits of the character are in the object store."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Where a portrait or video is in the object store, and what it is."""

    object_key: str | None
    url: str
    content_type: str
    width: int
    height: int
    bytes: int
    seconds: float | None = None
    poster_url: str | None = None


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A portrait as it is kept: its base64, or its key in the object store."""

    base64: str | None
    object_key: str | None


class Media:
    """All methods raise DatabaseUnavailable. What becomes of a row whose world was deleted is nothing, and no error."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, piece_id: PieceId, media: NewMedia) -> None:
        """Note that a portrait or video was asked for, before its job is submitted: the sweep submits it otherwise.

        Raises BeingMade where one of this kind is being made already: of all who ask, also at the same moment, one
        gets it. PieceUnknown where the character is gone.
        """
        async with self._database.transaction() as connection:
            if not await connection.fetchval("select true from lore_pieces where id = $1 for update", piece_id):
                raise PieceUnknown
            running = await connection.fetchval(
                "select job from media where lore_piece_id = $1 and kind = $2 and status in ('queued', 'processing')",
                piece_id,
                media.kind,
            )
            if running is not None:
                raise BeingMade(str(running))
            await insert_media(connection, piece_id, media)
            await connection.execute(note_on_piece(media.kind), piece_id, media.job, media.status.value, None)

    async def withdraw(self, media_id: MediaId) -> None:
        """Forget what was asked for and could not be submitted. The character stands as it stood before."""
        async with self._database.transaction() as connection:
            await connection.execute(f"select 1 from lore_pieces where id = ({PIECE_OF}) for update", media_id)
            row = await connection.fetchrow(
                "delete from media where id = $1 returning lore_piece_id, kind, job", media_id
            )
            if row is None:
                return
            last = await connection.fetchrow(
                "select job, status, error from media where lore_piece_id = $1 and kind = $2 "
                "order by created_at desc, id limit 1",
                row["lore_piece_id"],
                row["kind"],
            )
            before = (last["job"], last["status"], last["error"]) if last is not None else (None, None, None)
            await connection.execute(note_on_piece(row["kind"]), row["lore_piece_id"], *before)

    async def waiting(self, *, limit: int, again: float) -> Sequence[Waiting]:
        """Those that are to be looked at now, each for one caller only; after `again` seconds they are anew."""
        rows = await self._database.fetch(WAITING, again, limit)
        return [
            Waiting(
                MediaId(str(row["id"])),
                PieceId(str(row["lore_piece_id"])),
                WorldId(str(row["world_id"])),
                row["name"],
                row["owner"],
                row["kind"],
                str(row["job"]),
                str(row["upload"]),
                row["input"],
                Status(row["status"]),
                row["taken_up"],
                row["age"],
            )
            for row in rows
        ]

    async def note(
        self, media_id: MediaId, status: Status, error: JobError | None = None, *, again: float | None = None
    ) -> None:
        """Note how its job stands, on it and on its character, and look again after so many seconds, or never.

        One that is there stays as it is, and one that is taken up can only fail. It is not noted as being made while
        another one is: an old one that a person has tried again.
        """
        async with self._database.transaction() as connection:
            await connection.execute(f"select 1 from lore_pieces where id = ({PIECE_OF}) for update", media_id)
            row = await connection.fetchrow(
                NOTE,
                media_id,
                status.value,
                error_text(error),
                again,
            )
            if row is not None:
                await connection.execute(
                    note_on_piece(row["kind"], newest=True),
                    row["lore_piece_id"],
                    row["job"],
                    row["status"],
                    row["error"],
                )

    async def look_again(self, media_id: MediaId, *, seconds: float | None) -> None:
        """Look at it again after so many seconds; with none never, for nothing is left to do.

        One that is there is never looked at again: it may have come there since it was last looked at.
        """
        await self._database.execute(
            "update media set look_at = case when url is null then now() + make_interval(secs => $2) end where id = $1",
            media_id,
            seconds,
        )

    async def begin_anew(self, media_id: MediaId, job: str) -> bool:
        """What was asked for is made by another job, for the one before is gone with what it had made.

        False, and nothing is changed, where it is there by now, or where a newer one was asked for since.
        """
        async with self._database.transaction() as connection:
            await connection.execute(f"select 1 from lore_pieces where id = ({PIECE_OF}) for update", media_id)
            row = await connection.fetchrow(BEGIN_ANEW, media_id, job)
            if row is not None:
                await connection.execute(note_on_piece(row["kind"]), row["lore_piece_id"], job, "queued", None)
        return row is not None

    async def take_up(self, media_id: MediaId, base64: str) -> bool:
        """Keep a finished portrait in its character's details, until it is in the object store.

        False while an older one is still on its way there, or where it is not to be taken up any more.
        """
        async with self._database.transaction() as connection:
            piece_id = await connection.fetchval(
                f"select id from lore_pieces where id = ({PIECE_OF}) for update", media_id
            )
            row = await connection.fetchrow(
                "update media m set taken_up_at = now(), status = 'succeeded', error = null, look_at = now() "
                "where m.id = $1 and m.taken_up_at is null and m.url is null and not exists (select from media o "
                f"where o.lore_piece_id = m.lore_piece_id and {coming('o')}) returning job",
                media_id,
            )
            if row is None:
                return False
            await connection.execute(
                "update lore_pieces set details = details || jsonb_build_object('portrait', $2::text, "
                "'image_portrait_base64', $3::text), updated_at = now(), "
                "portrait_status = case when portrait_job = $4 then 'succeeded' else portrait_status end, "
                "portrait_error = case when portrait_job = $4 then null else portrait_error end where id = $1",
                piece_id,
                str(row["job"]),
                base64,
                row["job"],
            )
        return True

    async def upload_with(self, media_id: MediaId, upload: str) -> bool:
        """Another job puts it into the object store, for the one before is gone, or has failed.

        False where it is there by now, or its world was deleted.
        """
        changed = await self._database.execute(
            "update media set upload = $2 where id = $1 and url is null", media_id, upload
        )
        return bool(changed)

    async def taken_up(self, media_id: MediaId) -> TakenUp | None:
        """What is to be put into the object store, or none where its world was deleted."""
        row = await self._database.first(TAKEN_UP, media_id)
        if row is None:
            return None
        return TakenUp(
            media_id,
            PieceId(str(row["lore_piece_id"])),
            WorldId(str(row["world_id"])),
            str(row["job"]),
            row["base64"],
            row["url"],
            row["earlier"],
        )

    async def landed(self, media_id: MediaId, landed: Landed, *, base64: str) -> bool:
        """A portrait is in the object store: its base64 goes, and its address takes the place, in one statement.

        The details are changed only if they still hold this job's portrait, and exactly this base64: what was put
        there meanwhile is another picture, which is not there yet. False where its world was deleted.
        """
        row = await self._database.first(LANDED, media_id, *_values(landed), base64)
        return row is not None

    async def give_up(self, media_id: MediaId, error: JobError) -> None:
        """Another picture has taken its place before it was in the object store, and is to be looked after now.

        One that another run has put there meanwhile stays as it is.
        """
        await self._database.execute(
            "update media set taken_up_at = null, status = 'failed', error = $2::jsonb, look_at = null "
            "where id = $1 and url is null",
            media_id,
            error.model_dump_json(),
        )

    async def refuse(self, media_id: MediaId, error: JobError, *, base64: str) -> None:
        """What stands in the details is no picture: it goes, and the portrait before it, if there was one, is shown.

        Left there it could never be put away, and would keep every later portrait from its place.
        """
        await self._database.execute(REFUSED, media_id, error.model_dump_json(), base64)

    async def shown(self, media_id: MediaId, landed: Landed) -> None:
        """A video is in the object store: its address stands in its character's details, in one statement."""
        await self._database.execute(SHOWN, media_id, *_values(landed))

    async def history(self, piece_id: PieceId, *, job: str | None = None) -> Sequence[Medium]:
        """All portraits and videos that were asked for, the newest before; or only those that this job makes."""
        rows = await self._database.fetch(HISTORY, piece_id, job)
        return [_medium(row) for row in rows]

    async def picture_of(self, piece_id: str, job: str) -> KeptPicture | None:
        """The portrait of a character that this job made, if it is kept."""
        row = await self._database.first(
            "select m.object_key, case when m.url is null and p.details ->> 'portrait' = m.job::text "
            "then p.details ->> 'image_portrait_base64' end as base64 "
            "from media m join lore_pieces p on p.id = m.lore_piece_id "
            "where m.lore_piece_id = $1 and m.kind = 'portrait' and m.job = $2 "
            "order by m.url is null, m.created_at desc limit 1",
            piece_id,
            job,
        )
        if row is None or (row["object_key"] is None and row["base64"] is None):
            return None
        return KeptPicture(row["base64"], row["object_key"])

    async def adopt(self, *, limit: int) -> int:
        """Look after base64 that nobody looks after, such as another program's. Answers for how many characters."""
        rows = await self._database.fetch(ADOPT, limit)
        return len(rows)


def error_text(error: JobError | None) -> str | None:
    """The JSON that is noted of an error, whatever a provider has put into its message."""
    return without_nul(error.model_dump_json()) if error is not None else None


async def insert_media(connection: Connection, piece_id: PieceId, media: NewMedia) -> None:
    """Write what was asked for; the sweep looks at it at once."""
    await connection.execute(
        "insert into media (id, lore_piece_id, kind, job, upload, input, status, error, taken_up_at, look_at) "
        "values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, case when $9 then now() end, now())",
        media.id,
        piece_id,
        media.kind,
        media.job,
        media.upload,
        media.input,
        media.status.value,
        error_text(media.error),
        media.taken_up,
    )


def _values(landed: Landed) -> tuple[object, ...]:
    return (
        landed.object_key,
        landed.url,
        landed.content_type,
        landed.width,
        landed.height,
        landed.bytes,
        landed.seconds,
        landed.poster_url,
    )


def _medium(row: Row) -> Medium:
    error = row["error"]
    return Medium(
        MediaId(str(row["id"])),
        row["kind"],
        str(row["job"]),
        Status(row["status"]),
        json.loads(error) if error is not None else None,
        row["url"],
        row["poster_url"],
        row["content_type"],
        row["width"],
        row["height"],
        row["bytes"],
        row["seconds"],
        at(row["created_at"]),
        bool(row["chosen"]),
    )
