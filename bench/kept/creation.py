"""From `POST /worlds` to its 201, beside one bare INSERT of the same bytes."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence

import asyncpg
from pydantic import SecretStr

from bench.figures import Row, percentile, row
from bench.kept.plan import Plan
from bench.kept.stage import Stage, noise
from bench.processes import server
from bench.submission import Caller
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import StoredPicture
from storage.records.ids import new_id, new_job_id
from storage.records.job import timestamp
from storage.records.media import PictureResult
from storage.settings import StorageSettings
from storage.stored import Submission

WARM_UP = 2
BARE = """
create table if not exists bare (id uuid primary key, details jsonb not null);
alter table bare alter column details set storage external;
"""


class Creator(Caller):
    def create(self, body: bytes) -> None:
        self._call("POST", "/worlds", 201, body)


def measure(stage: Stage, plan: Plan) -> Sequence[Row]:
    pictures = [noise(plan.side) for _ in range(plan.characters)]
    with server(stage.environment) as url:
        body = asyncio.run(_body(stage, pictures))
        posted, inserted = [], []
        for number in range(plan.rounds):
            if number % 2:
                posted.append(_posted(url, body, plan.worlds))
            inserted.append(asyncio.run(_inserted(stage, pictures, plan.worlds)))
            if not number % 2:
                posted.append(_posted(url, body, plan.worlds))
            asyncio.run(_emptied(stage))
    size = sum(len(picture.base64) for picture in pictures) / 1e6
    return [
        row(
            f"POST /worlds → 201, {plan.characters} characters, {size:.1f} MB, p{share}",
            "ms",
            [percentile(samples, share / 100) for samples in posted],
            "one bare INSERT of the same bytes",
            [percentile(samples, share / 100) for samples in inserted],
        )
        for share in (50, 99)
    ]


def _posted(url: str, body: bytes, times: int) -> list[float]:
    creator = Creator(url)
    try:
        for _ in range(WARM_UP):
            creator.create(body)
        return [_milliseconds(lambda: creator.create(body)) for _ in range(times)]
    finally:
        creator.close()


def _milliseconds(call: Callable[[], None]) -> float:
    begun = time.monotonic_ns()
    call()
    return (time.monotonic_ns() - begun) / 1e6


async def _inserted(stage: Stage, pictures: Sequence[StoredPicture], times: int) -> list[float]:
    connection = await asyncpg.connect(stage.database_url)
    try:
        await connection.execute(BARE)
        details = [f'{{"image_portrait_base64": "{picture.base64.decode()}"}}' for picture in pictures]
        samples = []
        for number in range(WARM_UP + times):
            ids = [new_id() for _ in details]
            begun = time.monotonic_ns()
            await connection.execute(
                "insert into bare select * from unnest($1::uuid[], $2::text[]::jsonb[])", ids, details
            )
            if number >= WARM_UP:
                samples.append((time.monotonic_ns() - begun) / 1e6)
        return samples
    finally:
        await connection.close()


async def _body(stage: Stage, pictures: Sequence[StoredPicture]) -> bytes:
    """What is sent: characters whose portraits are finished, and stand in Redis."""
    settings = StorageSettings(redis_url=SecretStr(stage.redis_url))
    characters = []
    async with connect(settings.redis_url) as client:
        store = JobStore(client, Keys(settings.redis_prefix), settings)
        for number, picture in enumerate(pictures):
            job_id = await _finished(store, picture)
            characters.append({"name": f"Ada {number}", "race": "dwarf", "class": "smith", "portrait": job_id})
    return json.dumps({"name": "A drowned city", "characters": characters}).encode()


async def _finished(store: JobStore, picture: StoredPicture) -> str:
    submission = Submission(id=new_job_id(), kind="portrait", owner="bench", input=b"{}", fingerprint="bench")
    await store.submit(submission)
    stored = await store.get(submission.id)
    assert stored is not None
    now = timestamp(await store.now())
    begun = stored.job.claimed(now, provider="bench", expected_at=None)
    (job,) = await store.claim([(stored, begun)], lease_ms=600_000, worker="bench")
    assert job is not None
    result = PictureResult(url="/", content_type="image/png", width=1, height=1, bytes=len(picture.base64))
    await store.advance(job.succeeded(result.model_dump(), now, now), stored.claim, picture)
    return submission.id


async def _emptied(stage: Stage) -> None:
    connection = await asyncpg.connect(stage.database_url)
    try:
        await connection.execute("truncate bare, worlds cascade")
    finally:
        await connection.close()
