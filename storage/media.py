"""Portraits and videos of characters in Postgres: asked for, looked after while they are made, and remembered.

The rest of their way, into the object store, is `storage.landing`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Connection, Database, Row
from storage.errors import BeingMade, PieceUnknown
from storage.media_statements import (
    BEGIN_ANEW,
    HISTORY,
    NOTE,
    PIECE_OF,
    WAITING,
    note_on_piece,
)
from storage.postgres_text import without_nul
from storage.records.job import JobError, Status
from storage.records.world import MediaKind, Medium, MediumId, NewMedium, PieceId, WorldId, at


@dataclass(frozen=True, slots=True)
class WaitingMedium:
    """A portrait or video that is not there yet, as the sweep looks at it."""

    id: MediumId
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
    """Seconds since it was asked for, or taken up."""


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A portrait as it is kept: its base64, or its key in the object store."""

    base64: str | None
    object_key: str | None


class Media:
    """All methods raise DatabaseUnavailable. What becomes of a row whose world was deleted is nothing, and no error."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, piece_id: PieceId, medium: NewMedium) -> None:
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
                medium.kind,
            )
            if running is not None:
                raise BeingMade(str(running))
            await insert_medium(connection, piece_id, medium)
            await connection.execute(note_on_piece(medium.kind), piece_id, medium.job, medium.status.value, None)

    async def withdraw(self, medium_id: MediumId) -> None:
        """Forget what was asked for and could not be submitted. The character stands as it stood before."""
        async with self._database.transaction() as connection:
            await connection.execute(f"select 1 from lore_pieces where id = ({PIECE_OF}) for update", medium_id)
            row = await connection.fetchrow(
                "delete from media where id = $1 returning lore_piece_id, kind, job", medium_id
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

    async def waiting(self, *, limit: int, again: float) -> Sequence[WaitingMedium]:
        """Those that are to be looked at now, each for one caller only; after `again` seconds they are anew."""
        rows = await self._database.fetch(WAITING, again, limit)
        return [
            WaitingMedium(
                MediumId(str(row["id"])),
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
        self,
        medium_id: MediumId,
        status: Status,
        error: JobError | None = None,
        *,
        again: float | None = None,
        found: WaitingMedium | None = None,
    ) -> None:
        """Note how its job stands, on it and on its character, and look again after so many seconds, or never.

        One that is there stays as it is, and one that is taken up can only fail. It is not noted as being made while
        another one is: an old one that a person has tried again. Nor, with `found`, where another job makes it by now
        than when it was found, or it was taken up since.
        """
        async with self._database.transaction() as connection:
            await connection.execute(f"select 1 from lore_pieces where id = ({PIECE_OF}) for update", medium_id)
            row = await connection.fetchrow(
                NOTE,
                medium_id,
                status.value,
                error_text(error),
                again,
                found and found.job,
                found and found.taken_up,
            )
            if row is not None:
                await connection.execute(
                    note_on_piece(row["kind"], newest=True),
                    row["lore_piece_id"],
                    row["job"],
                    row["status"],
                    row["error"],
                )

    async def look_again(self, medium_id: MediumId, *, seconds: float | None) -> None:
        """Look at it again after so many seconds; with none never, for nothing is left to do.

        One that nobody looks at any more stays so: it may have come there since, or been given up.
        """
        await self._database.execute(
            "update media set look_at = now() + make_interval(secs => $2) where id = $1 and look_at is not null",
            medium_id,
            seconds,
        )

    async def begin_anew(self, medium_id: MediumId, job: str, *, found: WaitingMedium | None = None) -> bool:
        """What was asked for is made by another job, for the one before is gone with what it had made.

        False, and nothing is changed, where it is there by now, or where a newer one was asked for since; with `found`
        also where another job makes it already than when it was found.
        """
        async with self._database.transaction() as connection:
            await connection.execute(f"select 1 from lore_pieces where id = ({PIECE_OF}) for update", medium_id)
            row = await connection.fetchrow(BEGIN_ANEW, medium_id, job, found and found.job)
            if row is not None:
                await connection.execute(note_on_piece(row["kind"]), row["lore_piece_id"], job, "queued", None)
        return row is not None

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


def error_text(error: JobError | None) -> str | None:
    """The JSON that is noted of an error, whatever a provider has put into its message."""
    return without_nul(error.model_dump_json()) if error is not None else None


async def insert_medium(connection: Connection, piece_id: PieceId, medium: NewMedium) -> None:
    """Write what was asked for; the sweep looks at it at once."""
    await connection.execute(
        "insert into media (id, lore_piece_id, kind, job, upload, input, status, error, taken_up_at, look_at) "
        "values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, case when $9 then now() end, now())",
        medium.id,
        piece_id,
        medium.kind,
        medium.job,
        medium.upload,
        medium.input,
        medium.status.value,
        error_text(medium.error),
        medium.taken_up,
    )


def _medium(row: Row) -> Medium:
    error = row["error"]
    return Medium(
        MediumId(str(row["id"])),
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
