"""Portraits on their way from Postgres to the object store, beside bare puts of the same bytes."""

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import SecretStr

from bench.figures import Row, row
from bench.kept.plan import Plan
from bench.kept.stage import Stage, noise
from bench.processes import NotMeasured, worker
from storage.database import open_database
from storage.portraits import StoredPicture
from storage.records.ids import new_id, new_job_id
from storage.records.job import Status
from storage.records.world import MediumId, NewMedium, NewPiece, PieceId, WorldId
from storage.worlds import Worlds
from tests.support.seaweed import Bucket, new_bucket, seaweed

DEADLINE_SECONDS = 120.0
LOOK_SECONDS = 0.01
MEDIA_SECONDS = 0.1


def measure(stage: Stage, plan: Plan) -> Sequence[Row]:
    with seaweed() as found:
        bucket = new_bucket(found)
        settings = {name: value for name, value in stage.environment.items() if name != "LIMNER_OBJECTS_DIR"}
        settings |= {
            **bucket.environment,
            "LIMNER_MEDIA_SECONDS": str(MEDIA_SECONDS),
            "LIMNER_UPLOADS_AT_ONCE": str(plan.uploads_at_once),
        }
        piped, bare = [], []
        with worker(settings):
            asyncio.run(_piped(stage, [noise(8)]))
            for number in range(plan.rounds):
                pictures = [noise(plan.side) for _ in range(plan.uploads)]
                if number % 2:
                    piped.append(asyncio.run(_piped(stage, pictures)))
                bare.append(_bare(bucket, pictures, plan.uploads_at_once))
                if not number % 2:
                    piped.append(asyncio.run(_piped(stage, pictures)))
    size = len(base64.b64decode(pictures[0].base64)) / 1e6
    return [
        row(
            f"upload of {plan.uploads} portraits of {size:.1f} MB, {plan.uploads_at_once} at once",
            "MB/s",
            piped,
            f"boto3 put_object, {plan.uploads_at_once} threads",
            bare,
        )
    ]


async def _piped(stage: Stage, pictures: Sequence[StoredPicture]) -> float:
    """From the commit of a world to the moment when none of its pictures is base64 any more."""
    pieces = [_piece(picture) for picture in pictures]
    async with open_database(SecretStr(stage.database_url)) as database:
        world_id = await Worlds(database).create(WorldId(new_id()), "bench", "A drowned city", pieces)
        begun = time.monotonic()
        while await database.first(
            "select true from media m join lore_pieces p on p.id = m.lore_piece_id where p.world_id = $1 "
            "and m.url is null limit 1",
            world_id,
        ):
            if time.monotonic() - begun > DEADLINE_SECONDS:
                raise NotMeasured("The portraits did not come into the object store.")
            await asyncio.sleep(LOOK_SECONDS)
        return _megabytes(pictures) / (time.monotonic() - begun)


def _piece(picture: StoredPicture) -> NewPiece:
    portrait = NewMedium(MediumId(new_id()), "portrait", new_job_id(), new_job_id(), Status.SUCCEEDED, taken_up=True)
    head = json.dumps({"race": "dwarf", "class": "smith", "portrait": portrait.job})
    details = f'{head[:-1]}, "image_portrait_base64": "{picture.base64.decode()}"}}'
    return NewPiece(PieceId(new_id()), "Ada", details, portrait)


def _bare(bucket: Bucket, pictures: Sequence[StoredPicture], at_once: int) -> float:
    data = [base64.b64decode(picture.base64) for picture in pictures]

    def put(picture: bytes) -> None:
        bucket.admin.put_object(Bucket=bucket.name, Key=f"bare/{new_id()}.png", Body=picture, ContentType="image/png")

    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(put, data[:at_once]))  # connections
        begun = time.monotonic()
        list(threads.map(put, data))
        return _megabytes(pictures) / (time.monotonic() - begun)


def _megabytes(pictures: Sequence[StoredPicture]) -> float:
    return sum(len(picture.base64) for picture in pictures) * 0.75 / 1e6
