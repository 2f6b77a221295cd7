"""The way of portraits and videos into the object store, as Postgres has it: base64 first, and then an address."""

from dataclasses import dataclass

from storage.database import Database
from storage.media_statements import ADOPT, LANDED, PIECE_OF, REFUSED, SHOWN, TAKEN_UP, coming
from storage.records.job import JobError
from storage.records.world import MediumId, PieceId, WorldId


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A portrait whose base64 stands in Postgres, for the one who puts it into the object store."""

    id: MediumId
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


class Landing:
    """All methods raise DatabaseUnavailable. What becomes of a row whose world was deleted is nothing, and no error."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_up(self, medium_id: MediumId, base64: str) -> bool:
        """Keep a finished portrait in its character's details, until it is in the object store.

        False while an older one is still on its way there, or where it is not to be taken up any more.
        """
        async with self._database.transaction() as connection:
            piece_id = await connection.fetchval(
                f"select id from lore_pieces where id = ({PIECE_OF}) for update", medium_id
            )
            row = await connection.fetchrow(
                "update media m set taken_up_at = now(), status = 'succeeded', error = null, look_at = now() "
                "where m.id = $1 and m.taken_up_at is null and m.url is null and not exists (select from media o "
                f"where o.lore_piece_id = m.lore_piece_id and {coming('o')}) returning job",
                medium_id,
            )
            if row is None:
                return False
            await connection.execute(
                "update lore_pieces set details = details || jsonb_build_object('portrait', $2::text, "
                "'image_portrait_base64', $3::text, 'shown', 'portrait'), updated_at = now(), "
                "portrait_status = case when portrait_job = $4 then 'succeeded' else portrait_status end, "
                "portrait_error = case when portrait_job = $4 then null else portrait_error end where id = $1",
                piece_id,
                str(row["job"]),
                base64,
                row["job"],
            )
        return True

    async def adopt(self, *, limit: int) -> int:
        """Look after base64 that nobody looks after, such as another program's. Answers for how many characters."""
        rows = await self._database.fetch(ADOPT, limit)
        return len(rows)

    async def upload_with(self, medium_id: MediumId, upload: str) -> bool:
        """Another job puts it into the object store, for the one before is gone, or has failed.

        False where it is there by now, or its world was deleted.
        """
        changed = await self._database.execute(
            "update media set upload = $2 where id = $1 and url is null", medium_id, upload
        )
        return bool(changed)

    async def taken_up(self, medium_id: MediumId) -> TakenUp | None:
        """What is to be put into the object store, or none where its world was deleted."""
        row = await self._database.first(TAKEN_UP, medium_id)
        if row is None:
            return None
        return TakenUp(
            medium_id,
            PieceId(str(row["lore_piece_id"])),
            WorldId(str(row["world_id"])),
            str(row["job"]),
            row["base64"],
            row["url"],
            row["earlier"],
        )

    async def landed(self, medium_id: MediumId, landed: Landed, *, base64: str) -> bool:
        """A portrait is in the object store: its base64 goes, and its address takes the place, in one statement.

        The details are changed only if they still hold this job's portrait, and exactly this base64: what was put
        there meanwhile is another picture, which is not there yet. False where its world was deleted.
        """
        row = await self._database.first(LANDED, medium_id, *_values(landed), base64)
        return row is not None

    async def give_up(self, medium_id: MediumId, error: JobError) -> None:
        """Another picture has taken its place before it was in the object store, and is to be looked after now.

        One that another run has put there meanwhile stays as it is.
        """
        await self._database.execute(
            "update media set taken_up_at = null, status = 'failed', error = $2::jsonb, look_at = null "
            "where id = $1 and url is null",
            medium_id,
            error.model_dump_json(),
        )

    async def refuse(self, medium_id: MediumId, error: JobError, *, base64: str) -> None:
        """What stands in the details is no picture: it goes, and the portrait before it, if there was one, is shown.

        Left there it could never be put away, and would keep every later portrait from its place.
        """
        await self._database.execute(REFUSED, medium_id, error.model_dump_json(), base64)

    async def shown(self, medium_id: MediumId, landed: Landed) -> None:
        """A video is in the object store: its address stands in its character's details, in one statement."""
        await self._database.execute(SHOWN, medium_id, *_values(landed))


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
