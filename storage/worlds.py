"""Worlds in Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection, Database, Row
from storage.errors import WorldKeyTaken
from storage.lore_pieces import COUNTED, PIECE, insert_piece, piece_of
from storage.records.world import Board, ListedWorld, MediaKind, NewPiece, World, WorldId, at


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the Library ends."""

    created_at: datetime
    id: str


class Worlds:
    """All methods raise DatabaseUnavailable; what changes something does all of it or nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        world_id: WorldId,
        owner: str,
        name: str,
        pieces: Sequence[NewPiece],
        *,
        digests: Sequence[str] = (),
        fingerprint: str = "",
    ) -> WorldId:
        """Keep a world with its characters. Answers its id; that of an earlier one that the same key stands for.

        `digests` stand for the keys of one caller, who may be known in two ways; `fingerprint` for what was sent.
        Raises WorldKeyTaken where a key stands for another input.
        """
        async with self._database.transaction() as connection:
            if digests:
                await connection.execute(
                    "select pg_advisory_xact_lock(hashtextextended(digest, 0)) from unnest($1::text[]) digest "
                    "order by digest",
                    list(digests),
                )
                earlier = _kept_as(await connection.fetchrow(_KEPT_AS, list(digests)), fingerprint)
                if earlier is not None:
                    return earlier
            await connection.execute("insert into worlds (id, owner, name) values ($1, $2, $3)", world_id, owner, name)
            if digests:
                await connection.executemany(
                    "insert into world_keys (digest, world_id, fingerprint) values ($1, $2, $3)",
                    [(digest, world_id, fingerprint) for digest in digests],
                )
            for position, piece in enumerate(pieces):
                await insert_piece(connection, world_id, position, piece)
        return world_id

    async def kept_as(self, digests: Sequence[str], fingerprint: str) -> WorldId | None:
        """The world that one of these keys stands for already, if one does. Raises WorldKeyTaken as `create` does."""
        return _kept_as(await self._database.first(_KEPT_AS, list(digests)), fingerprint)

    async def look(self, world_id: WorldId) -> World | None:
        row = await self._database.first(f"select {WORLD} from worlds w where id = $1", world_id)
        return _world(row) if row is not None else None

    async def board(self, world_id: WorldId) -> Board | None:
        """The world and its characters, each with how it stands with its portrait and its video: one query."""
        rows = await self._database.fetch(
            f"select {WORLD}, {PIECE} from worlds w left join lore_pieces p on p.world_id = w.id "
            f"and p.kind = 'character' {COUNTED} where w.id = $1 order by p.position",
            world_id,
        )
        if not rows:
            return None
        return Board(_world(rows[0]), [piece_of(row) for row in rows if row["piece_id"] is not None])

    async def owned(
        self, owner: str, *, before: Cursor | None, limit: int
    ) -> tuple[Sequence[ListedWorld], Cursor | None]:
        """The owner's worlds, newest first, and where the next page begins if there is one."""
        rows = await self._database.fetch(_OWNED, owner, before and before.created_at, before and before.id, limit + 1)
        page = rows[:limit]
        more = len(rows) > limit
        return [_listed(row) for row in page], Cursor(page[-1]["created_at"], str(page[-1]["id"])) if more else None

    async def rename(self, world_id: WorldId, name: str) -> bool:
        changed = await self._database.execute(
            "update worlds set name = $2, updated_at = now() where id = $1", world_id, name
        )
        return bool(changed)

    async def open(self, world_id: WorldId, kind: MediaKind) -> bool:
        """Whether the board asks for this kind by itself: True once."""
        changed = await self._database.execute(
            "update worlds set opened = array_append(opened, $2) where id = $1 and not $2 = any(opened)", world_id, kind
        )
        return bool(changed)

    async def delete(self, world_id: WorldId) -> bool:
        """Forget a world and everything of it. Its jobs and objects are noted to be removed (`storage.removals`)."""
        async with self._database.transaction() as connection:
            # Whoever puts something of it away meanwhile finds its row gone, or is waited for.
            owner = await connection.fetchval("select owner from worlds where id = $1 for update", world_id)
            if owner is None:
                return False
            await connection.execute("select 1 from lore_pieces where world_id = $1 for update", world_id)
            await connection.execute(
                "insert into removals (world_id, owner, jobs) values ($1, $2, $3::uuid[])",
                world_id,
                owner,
                await _jobs_of(connection, world_id),
            )
            await connection.execute("delete from worlds where id = $1", world_id)
        return True

    async def forget_keys(self, *, seconds: float) -> None:
        """Forget what keys stood for that are older than so many seconds."""
        await self._database.execute(
            "delete from world_keys where created_at < now() - make_interval(secs => $1)", seconds
        )


_KEPT_AS = "select world_id, fingerprint from world_keys where digest = any($1::text[]) limit 1"

WORLD = "w.id, w.owner, w.name, w.opened, w.created_at, w.updated_at"

_OWNED = f"""
select {WORLD},
  (select count(*) from lore_pieces p where p.world_id = w.id and p.kind = 'character') as characters,
  (select count(*) from lore_pieces p where p.world_id = w.id and p.details ? 'image_portrait') as portraits,
  (select count(*) from lore_pieces p where p.world_id = w.id and p.details ? 'video') as videos,
  (select p.details ->> 'image_portrait' from lore_pieces p where p.world_id = w.id
    and p.details ? 'image_portrait' order by p.position limit 1) as cover
from worlds w
where w.owner = $1 and ($2::timestamptz is null or (w.created_at, w.id) < ($2::timestamptz, $3::uuid))
order by w.created_at desc, w.id desc limit $4
"""


_JOBS_OF = """
select distinct unnest(array[m.job, m.upload]) as job
from media m join lore_pieces p on p.id = m.lore_piece_id where p.world_id = $1
except
select o.job
from media m join lore_pieces p on p.id = m.lore_piece_id
  join media o on o.job = m.job join lore_pieces q on q.id = o.lore_piece_id
where p.world_id = $1 and q.world_id <> $1
"""


async def _jobs_of(connection: Connection, world_id: WorldId) -> list[str]:
    """The jobs that worked for this world and for no other."""
    rows = await connection.fetch(_JOBS_OF, world_id)
    return [str(row["job"]) for row in rows]


def _kept_as(row: Row | None, fingerprint: str) -> WorldId | None:
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise WorldKeyTaken
    return WorldId(str(row["world_id"]))


def _world(row: Row) -> World:
    return World(
        WorldId(str(row["id"])),
        row["owner"],
        row["name"],
        frozenset(row["opened"]),
        at(row["created_at"]),
        at(row["updated_at"]),
    )


def _listed(row: Row) -> ListedWorld:
    return ListedWorld(_world(row), row["characters"], row["portraits"], row["videos"], row["cover"])
