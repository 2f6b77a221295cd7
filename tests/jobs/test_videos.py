import asyncio
from contextlib import closing
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.providers.base import Report, Task, VideoRequest
from jobs.providers.loop import Loop
from storage.jobs import JobStore
from storage.keys import Keys
from storage.objects.local_directory import LocalObjects
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.media import Video
from tests.support.job_states import JobStates
from tests.support.listening import Listener
from tests.support.studio import AWAY_SECONDS, PICTURE, Camera, Studio

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def objects(studio: Studio) -> LocalObjects:
    return studio.objects


def whose_character() -> dict[str, Any]:
    return {"world_id": new_id(), "character_id": new_id()}


async def test_the_video_of_a_portrait_is_in_the_object_store_and_its_addresses_in_the_result(
    studio: Studio, objects: LocalObjects
) -> None:
    job = await studio.made(portrait=await studio.painted(), seed=9)

    assert studio.camera.requests == [VideoRequest(PICTURE, 9)]
    assert job.status is Status.SUCCEEDED
    assert job.result == {
        "url": f"https://limner.example/objects/temp/videos/{job.id}.mp4",
        "content_type": "video/mp4",
        "width": 640,
        "height": 480,
        "bytes": len(b"film 9 of " + PICTURE),
        "seconds": 4.0,
        "poster": f"https://limner.example/objects/temp/videos/{job.id}_poster.jpg",
    }
    assert await objects.get(f"temp/videos/{job.id}.mp4") == b"film 9 of " + PICTURE
    assert await objects.get(f"temp/videos/{job.id}_poster.jpg") == b"poster of film 9 of " + PICTURE


async def test_nothing_of_it_is_in_redis_but_its_record(studio: Studio) -> None:
    job = await studio.made(portrait=await studio.painted())

    assert job.status is Status.SUCCEEDED
    assert await studio.portraits.text((await studio.wanted()).id) is None
    assert len(job.model_dump_json()) < 2_000


async def test_the_local_provider_makes_one_that_can_be_shown(studio: Studio, objects: LocalObjects) -> None:
    with closing(Loop(seconds=0.5)) as loop:
        job = await studio.made(loop, portrait=await studio.painted())

    assert job.result is not None
    assert (job.result["width"], job.result["height"], job.result["seconds"]) == (64, 64, 0.5)
    assert len(await objects.get(f"temp/videos/{job.id}.mp4")) == job.result["bytes"]


async def test_those_of_a_character_stand_with_its_world_and_none_is_written_over(
    studio: Studio, objects: LocalObjects
) -> None:
    picture, whose = await studio.painted(), whose_character()
    stem = f"videos/{whose['world_id']}/{whose['character_id']}_video"

    for seed in (1, 2):
        assert (await studio.made(portrait=picture, seed=seed, **whose)).status is Status.SUCCEEDED

    assert await studio.keys() == [
        f"{stem}.mp4",
        f"{stem}_2.mp4",
        f"{stem}_2_poster.jpg",
        f"{stem}_poster.jpg",
    ]
    assert await objects.get(f"{stem}.mp4") == b"film 1 of " + PICTURE
    assert await objects.get(f"{stem}_2_poster.jpg") == b"poster of film 2 of " + PICTURE


@pytest.mark.parametrize("stored", [1, 2], ids=["the file", "both"])
async def test_a_run_that_is_done_again_finds_what_an_earlier_one_has_stored(
    studio: Studio, objects: LocalObjects, stored: int
) -> None:
    whose = whose_character()
    stem = f"videos/{whose['world_id']}/{whose['character_id']}_video"
    film = b"film 3 of " + PICTURE
    for key, data in [(f"{stem}.mp4", film), (f"{stem}_poster.jpg", b"poster of " + film)][:stored]:
        await objects.put(key, data, "")

    job = await studio.made(portrait=await studio.painted(), **whose)

    assert job.result is not None
    assert job.result["url"].endswith("_video.mp4")
    assert await studio.keys() == [f"{stem}.mp4", f"{stem}_poster.jpg"]


async def test_what_the_provider_reports_is_seen(studio: Studio, keys: Keys, listener: Listener) -> None:
    stored = await studio.wanted(portrait=await studio.painted())
    await listener.subscribe(keys.job(stored.id))

    await studio.run(stored.id)

    assert (await listener.job()).status is Status.PROCESSING
    seen = await listener.job()
    assert (seen.progress, seen.stage, seen.preview) == (0.475, "filming", "data:image/webp;base64,c21hbGw=")


async def test_an_object_store_that_is_away_is_waited_for_and_costs_no_attempt(
    studio: Studio, objects: LocalObjects
) -> None:
    video = await studio.wanted(portrait=await studio.painted())
    studio.take_away()
    for _ in range(5):
        job = await studio.run(video.id)
        assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "the object store is away; waiting")
    assert studio.camera.requests == []

    studio.bring_back()
    job = await studio.run(video.id)
    assert (job.status, job.attempt) == (Status.SUCCEEDED, 1)


async def test_one_that_goes_away_while_the_video_is_made_is_waited_for_too(
    studio: Studio, redis: Redis, keys: Keys
) -> None:
    class Losing(Camera):
        async def film(self, request: VideoRequest, report: Report, task: Task, /) -> Video:
            studio.take_away()
            return await super().film(request, report, task)

    job = await studio.made(Losing(), portrait=await studio.painted())

    assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "the object store is away; waiting")
    [(_, due)] = await redis.zrange(keys.delayed, 0, -1, withscores=True)
    seconds, microseconds = await redis.time()
    assert 0 < due - seconds * 1000 - microseconds / 1000 <= 1.25 * AWAY_SECONDS * 1000


async def test_a_video_that_is_stopped_while_it_is_made_is_not_stored(
    studio: Studio, jobs: JobStates, store: JobStore, redis_url: str
) -> None:
    class Slow(Camera):
        def __init__(self) -> None:
            super().__init__()
            self.begun, self.stopped = asyncio.Event(), asyncio.Event()

        async def film(self, request: VideoRequest, report: Report, task: Task, /) -> Video:
            self.begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.stopped.set()
            raise AssertionError

    slow, video = Slow(), await studio.wanted(portrait=await studio.painted())
    working = studio.working(slow)
    async with working.told(SecretStr(redis_url)):
        run = asyncio.create_task(working.run(video.id, video.claim))
        await asyncio.wait_for(slow.begun.wait(), 20)
        await store.cancel(video.id)
        await asyncio.wait_for(slow.stopped.wait(), 20)
        await run
    assert (await jobs.get(video.id)).job.status is Status.CANCELED
    assert await studio.keys() == []
