"""Worlds whose portraits are on their way, an object store, and a worker that puts them away."""

import json
from dataclasses import dataclass, replace
from typing import Any

from jobs.uploads import UploadPicture
from storage.landing import Landing
from storage.objects.base import ObjectStore
from storage.objects.local_directory import LocalObjects
from storage.portraits import StoredPicture
from storage.records.ids import new_id, new_job_id
from storage.records.inputs import UPLOAD, UploadInput
from storage.records.job import ErrorCode, Job, Status
from storage.records.world import MediumId, NewMedium, NewPiece, PieceId, WorldId
from storage.stored import StoredWithInput
from storage.worlds import Worlds
from tests.support.job_states import done
from tests.support.keeping import Keeping, text_of
from tests.support.pictures import portrait
from tests.support.work import Bench, Working

PICTURE, OTHER = portrait(64, 64), portrait(80, 96)
BASE = "/objects"
AWAY_SECONDS = 8.0
REFUSED = (Status.FAILED, ErrorCode.INVALID_INPUT)


@dataclass(frozen=True)
class Whose:
    """A character of a world that is kept, and the row of its portrait."""

    world: WorldId
    piece: PieceId
    media: MediumId
    job: str

    @property
    def stem(self) -> str:
        return f"portraits/{self.world}/{self.piece}_portrait"


class Gallery:
    """Worlds with portraits that are on their way, and a worker that puts them away."""

    def __init__(self, bench: Bench, keeping: Keeping) -> None:
        self.database = keeping.kept.database
        self.media = keeping.kept.media
        self.landing = keeping.kept.landing
        self.objects = keeping.objects
        self.portraits = keeping.portraits
        self.jobs = keeping.jobs
        self.store = keeping.store
        self._bench = bench
        self._kept = keeping.kept

    async def kept(self, text: str | None = None, **details: Any) -> Whose:
        """A character whose portrait has been taken up."""
        whose = Whose(WorldId(new_id()), PieceId(new_id()), MediumId(new_id()), new_job_id())
        text = text if text is not None else text_of(PICTURE)
        given = {"traits": ["Fearless"], "portrait": whose.job, "image_portrait_base64": text, **details}
        medium = NewMedium(whose.media, "portrait", whose.job, new_job_id(), Status.SUCCEEDED, taken_up=True)
        piece = NewPiece(whose.piece, "Ada", json.dumps(given), medium)
        await Worlds(self.database).create(whose.world, "ann", "Home", [piece])
        return whose

    async def further(self, whose: Whose, data: bytes) -> Whose:
        """One portrait more of the same character, taken up as well."""
        medium = NewMedium(MediumId(new_id()), "portrait", new_job_id(), new_job_id())
        await self.media.ask(whose.piece, medium)
        assert await self.landing.take_up(medium.id, text_of(data))
        return Whose(whose.world, whose.piece, medium.id, medium.job)

    async def wanted(self, **input: Any) -> StoredWithInput:
        return await self.jobs.queued(kind=UPLOAD, input=UploadInput(**input).model_dump_json().encode())

    def working(self, objects: ObjectStore, landing: Landing | None = None) -> Working:
        kept = replace(self._kept, landing=landing or self.landing)
        upload = UploadPicture(self.store, self.portraits, objects, kept, retry_seconds=AWAY_SECONDS)
        return self._bench.working(upload, kind=UPLOAD)

    async def run(self, job_id: str, objects: ObjectStore, landing: Landing | None = None) -> Job:
        """What has become of an upload after one run of it."""
        stored = await self.jobs.get(job_id)
        await self.working(objects, landing).run(stored.id, stored.claim)
        return (await self.jobs.get(job_id)).job

    async def put_away(self, objects: ObjectStore, **input: Any) -> Job:
        return await self.run((await self.wanted(**input)).id, objects)

    async def details(self, whose: Whose) -> dict[str, Any]:
        row = await self.database.first("select details from lore_pieces where id = $1", whose.piece)
        assert row is not None
        details: dict[str, Any] = json.loads(row["details"])
        return details

    async def row(self, whose: Whose) -> dict[str, Any]:
        row = await self.database.first("select * from media where id = $1", whose.media)
        assert row is not None
        return dict(row)

    async def piece(self, whose: Whose) -> dict[str, Any]:
        row = await self.database.first("select * from lore_pieces where id = $1", whose.piece)
        assert row is not None
        return dict(row)

    async def painted(self, data: bytes = PICTURE) -> str:
        stored = await self.jobs.processing()
        await self.store.advance(done(stored.job), stored.claim, StoredPicture.of(data))
        return stored.id


def said(job: Job) -> tuple[Status, ErrorCode | None]:
    return job.status, job.error.code if job.error is not None else None


async def keys_in(objects: LocalObjects) -> list[str]:
    return sorted([listed.key async for listed in objects.list("")])
