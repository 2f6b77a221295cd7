"""Worlds that are kept, with real Postgres, Redis and a local object store; and what tests do to them."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import cv2
import numpy as np

from jobs.media_sweep import MediaSweep
from jobs.uploads import UploadPicture
from storage.jobs import JobStore
from storage.kept import Kept
from storage.objects.local_directory import LocalObjects
from storage.portraits import PortraitStore, StoredPicture
from storage.records.ids import JobId, new_id, new_job_id
from storage.records.job import Status
from storage.records.world import MediumId, NewMedium, NewPiece, Piece, PieceId, WorldId
from storage.stored import Stored, StoredWithInput
from tests.support.job_states import JobStates, done

INPUT = json.dumps({"description": "a dwarf", "character": None, "seed": 7})


def png(shade: int, side: int = 16) -> bytes:
    """A picture unlike those of other shades."""
    encoded, data = cv2.imencode(".png", np.full((side, side, 3), shade, np.uint8))
    assert encoded
    return bytes(data)


def text_of(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


@dataclass
class Keeping:
    """`sweep` looks once; `again` makes everything due at once, whatever time it was to wait."""

    url: str
    kept: Kept
    store: JobStore
    portraits: PortraitStore
    objects: LocalObjects
    folder: Path
    jobs: JobStates

    @property
    def upload(self) -> UploadPicture:
        return UploadPicture(self.store, self.portraits, self.objects, self.kept, retry_seconds=1)

    def sweeper(self, *, most: float = 60.0) -> MediaSweep:
        return MediaSweep(self.store, self.portraits, self.kept, self.objects, seconds=0.2, most=most)

    async def again(self) -> None:
        """Look once, at everything."""
        await self.execute("update media set look_at = now() where look_at is not null")
        await self.execute("update removals set look_at = now()")
        await self.sweeper().sweep()

    async def world(self, *portraits: NewMedium | None, pictures: dict[int, bytes] | None = None) -> WorldId:
        """A world of ann's, with a character for each portrait; `pictures` are those that are there already."""
        pieces = []
        for number, portrait in enumerate(portraits):
            details: dict[str, Any] = {"race": "dwarf", "class": "smith", "traits": ["brave"], "backstory": "Born."}
            if portrait is not None:
                details["portrait"] = portrait.job
            if pictures and number in pictures:
                details["image_portrait_base64"] = text_of(pictures[number])
            pieces.append(NewPiece(PieceId(new_id()), f"Ada {number}", json.dumps(details), portrait))
        return await self.kept.worlds.create(WorldId(new_id()), "ann", "Under the mountain", pieces)

    async def piece(self, world_id: WorldId, number: int = 0) -> Piece:
        board = await self.kept.worlds.board(world_id)
        assert board is not None
        return board.pieces[number]

    async def finish(self, job_id: str, picture: bytes) -> None:
        """A run of this queued job ends well, with this picture."""
        stored = await self.jobs.claimed(await self.jobs.get(job_id))
        await self.store.advance(done(stored.job), stored.claim, StoredPicture.of(picture))

    async def look(self, job_id: str) -> Stored | None:
        return await self.store.look(JobId(job_id))

    async def known(self, job_id: str) -> StoredWithInput:
        return await self.jobs.get(job_id)

    async def execute(self, sql: str, *values: object) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql, *values)
        finally:
            await connection.close()

    async def value(self, sql: str, *values: object) -> Any:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()


def asked(job: str | None = None, **changes: Any) -> NewMedium:
    """A portrait whose job was, or is to be, submitted."""
    given: dict[str, Any] = {
        "id": MediumId(new_id()),
        "kind": "portrait",
        "job": job or new_job_id(),
        "upload": new_job_id(),
        "input": INPUT,
    }
    return NewMedium(**{**given, **changes})


def ready(**changes: Any) -> NewMedium:
    """A portrait that is finished, and goes into its world as it is."""
    return asked(**{"status": Status.SUCCEEDED, "taken_up": True, "input": None, **changes})
