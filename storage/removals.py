"""Worlds that were deleted, until their jobs and objects are gone too."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Database
from storage.records.ids import JobId
from storage.records.world import WorldId


@dataclass(frozen=True, slots=True)
class Removal:
    world_id: WorldId
    owner: str
    jobs: Sequence[JobId]
    age: float
    """Seconds since the world was deleted."""


class Removals:
    """All methods raise DatabaseUnavailable. A removal is written by `Worlds.delete`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, *, limit: int, again: float) -> Sequence[Removal]:
        """Those that are to be done now, each for one caller only; after `again` seconds they are anew."""
        rows = await self._database.fetch(
            "with due as materialized (select world_id from removals where look_at <= now() order by look_at limit $2 "
            "for update skip locked) update removals r set look_at = now() + make_interval(secs => $1) from due "
            "where r.world_id = due.world_id returning r.world_id, r.owner, r.jobs, "
            "extract(epoch from now() - r.deleted_at)::float8 as age",
            again,
            limit,
        )
        return [
            Removal(WorldId(str(row["world_id"])), row["owner"], [JobId(str(job)) for job in row["jobs"]], row["age"])
            for row in rows
        ]

    async def look_again(self, world_id: WorldId, *, seconds: float) -> None:
        await self._database.execute(
            "update removals set look_at = now() + make_interval(secs => $2) where world_id = $1", world_id, seconds
        )

    async def done(self, world_id: WorldId) -> None:
        """Nothing of the world is left, and nobody can write something of it any more."""
        await self._database.execute("delete from removals where world_id = $1", world_id)
