import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.providers.base import Report, Task, VideoProvider, VideoRequest
from jobs.providers.loop import Loop
from jobs.videos import KIND, MakeVideo
from storage.database import Database, open_database
from storage.jobs import JobStore
from storage.kept import Kept
from storage.keys import Keys
from storage.lore_pieces import LorePieces
from storage.media import Landed, Media
from storage.objects.local_directory import LocalObjects
from storage.portraits import PortraitStore, StoredPicture
from storage.records.ids import JobId, new_id, new_job_id
from storage.records.inputs import VideoInput
from storage.records.job import ErrorCode, Job, Status
from storage.records.media import Picture, Video
from storage.records.world import MediaId, NewMedia, NewPiece, PieceId, WorldId
from storage.removals import Removals
from storage.stored import StoredWithInput
from storage.worlds import Worlds
from tests.support.job_states import JobStates, done
from tests.support.listening import Listener
from tests.support.pictures import portrait
from tests.support.work import Bench, Working

pytestmark = pytest.mark.timeout(60)

PICTURE = portrait(64, 64)
AWAY_SECONDS = 7.0


class Camera:
    """A provider that films at once, the same for the same request, and keeps what it was asked for."""

    name = "camera"

    def __init__(self) -> None:
        self.requests: list[VideoRequest] = []

    async def film(self, request: VideoRequest, report: Report, task: Task, /) -> Video:
        self.requests.append(request)
        await report(0.5, "filming", Picture(b"small", "image/webp", 60, 90))
        data = b"film %d of " % request.seed + request.portrait
        return Video(data, "video/mp4", 640, 480, 4.0, Picture(b"poster of " + data, "image/jpeg", 640, 480))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
async def objects(directory: Path) -> AsyncIterator[LocalObjects]:
    with closing(LocalObjects(directory, "https://limner.example/objects")) as objects:
        await objects.prepare()
        yield objects


class Studio:
    """Submits videos and lets a worker make them."""

    def __init__(
        self, bench: Bench, jobs: JobStates, store: JobStore, portraits: PortraitStore, objects: LocalObjects
    ) -> None:
        self.camera = Camera()
        self.kept: Kept | None = None
        self._bench = bench
        self._jobs = jobs
        self._store = store
        self._portraits = portraits
        self._objects = objects

    async def painted(self, data: bytes = PICTURE) -> str:
        """A portrait that is there."""
        stored = await self._jobs.processing()
        await self._store.advance(done(stored.job), stored.claim, StoredPicture.of(data))
        return stored.id

    async def wanted(self, **input: Any) -> StoredWithInput:
        wanted = VideoInput(**{"seed": 3, **input})
        return await self._jobs.queued(kind=KIND, input=wanted.model_dump_json().encode())

    def working(self, provider: VideoProvider | None = None) -> Working:
        make = MakeVideo(
            provider or self.camera,
            self._store,
            self._portraits,
            self._objects,
            self.kept,
            retry_seconds=AWAY_SECONDS,
        )
        return self._bench.working(make, kind=KIND)

    async def made(self, provider: VideoProvider | None = None, **input: Any) -> Job:
        """What has become of a video after one run."""
        return await self.run((await self.wanted(**input)).id, provider)

    async def run(self, job_id: str, provider: VideoProvider | None = None) -> Job:
        """One run more."""
        stored = await self._jobs.get(job_id)
        await self.working(provider).run(stored.id, stored.claim)
        return (await self._jobs.get(job_id)).job

    async def keys(self) -> list[str]:
        return sorted([listed.key async for listed in self._objects.list("")])


@pytest.fixture
def portraits(redis: Redis, keys: Keys) -> PortraitStore:
    return PortraitStore(redis, keys)


@pytest.fixture
def studio(bench: Bench, jobs: JobStates, store: JobStore, portraits: PortraitStore, objects: LocalObjects) -> Studio:
    return Studio(bench, jobs, store, portraits, objects)


def take_away(directory: Path) -> None:
    directory.rename(directory.with_name("away"))


def bring_back(directory: Path) -> None:
    directory.with_name("away").rename(directory)


def whose_character() -> dict[str, Any]:
    return {"world_id": new_id(), "character_id": new_id()}


def said(job: Job) -> tuple[Status, ErrorCode, str]:
    assert job.error is not None
    return job.status, job.error.code, job.error.message


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


async def test_nothing_of_it_is_in_redis_but_its_record(studio: Studio, portraits: PortraitStore) -> None:
    job = await studio.made(portrait=await studio.painted())

    assert job.status is Status.SUCCEEDED
    assert await portraits.text((await studio.wanted()).id) is None
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


async def test_a_portrait_that_is_still_being_painted_is_waited_for_and_costs_no_attempt(
    studio: Studio, jobs: JobStates, store: JobStore
) -> None:
    painting = await jobs.queued()
    video = await studio.wanted(portrait=painting.id)
    for _ in range(5):
        job = await studio.run(video.id)
        assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "waiting for its portrait")
    assert studio.camera.requests == []

    painting = await jobs.claimed(painting)
    assert (await studio.run(video.id)).stage == "waiting for its portrait"
    await store.advance(done(painting.job), painting.claim, StoredPicture.of(PICTURE))

    job = await studio.run(video.id)
    assert (job.status, job.attempt) == (Status.SUCCEEDED, 1)


async def test_a_portrait_that_will_never_be_there_is_told_in_a_sentence(studio: Studio, jobs: JobStates) -> None:
    failed, canceled = await jobs.failed(), await jobs.canceled()
    nothing = "There is no portrait to set in motion: "
    assert said(await studio.made(portrait=failed.id)) == (
        Status.FAILED,
        ErrorCode.INVALID_INPUT,
        f"{nothing}it could not be painted.",
    )
    assert said(await studio.made(portrait=canceled.id))[2] == f"{nothing}it was stopped."


GONE = (Status.FAILED, ErrorCode.INVALID_INPUT, "The portrait is no longer kept.")


async def test_a_portrait_that_is_no_longer_kept_is_told_in_a_sentence(
    studio: Studio, store: JobStore, redis: Redis, keys: Keys
) -> None:
    removed, lost = await studio.painted(), await studio.painted()
    await store.remove(JobId(removed))
    await redis.delete(keys.portrait(lost))
    for portrait_job in (removed, lost, new_job_id(), None):
        assert said(await studio.made(portrait=portrait_job)) == GONE
    assert said(await studio.made(object_key="portraits/a/b_portrait.png")) == GONE


async def test_the_object_that_the_portrait_has_become_is_taken_before_all_else(
    studio: Studio, objects: LocalObjects, jobs: JobStates
) -> None:
    await objects.put("portraits/a/b_portrait.png", b"in the store", "image/png")
    failed = await jobs.failed()

    job = await studio.made(object_key="portraits/a/b_portrait.png", portrait=failed.id)

    assert job.status is Status.SUCCEEDED
    assert [request.portrait for request in studio.camera.requests] == [b"in the store"]


async def test_a_portrait_that_redis_has_forgotten_is_taken_from_what_is_kept(
    studio: Studio, objects: LocalObjects, database: Database
) -> None:
    kept = studio.kept = Kept(database, Worlds(database), LorePieces(database), Media(database), Removals(database))
    world, piece, medium, job_id = WorldId(new_id()), PieceId(new_id()), MediaId(new_id()), new_job_id()
    details = {"portrait": job_id, "image_portrait_base64": base64.b64encode(PICTURE).decode()}
    taken_up = NewMedia(medium, "portrait", job_id, new_job_id(), Status.SUCCEEDED, taken_up=True)
    await kept.worlds.create(world, "ann", "Here", [NewPiece(piece, "Ada", json.dumps(details), taken_up)])

    assert (await studio.made(lore_piece=piece, portrait=job_id)).status is Status.SUCCEEDED
    assert said(await studio.made(lore_piece=piece, portrait=new_job_id())) == GONE
    assert said(await studio.made(lore_piece=new_id(), portrait=job_id)) == GONE

    await objects.put("portraits/w/c_portrait.png", b"in the store", "image/png")
    landed = Landed("portraits/w/c_portrait.png", "https://limner.example/objects/x", "image/png", 1, 1, 12)
    assert await kept.media.landed(medium, landed, base64=details["image_portrait_base64"])
    assert (await studio.made(lore_piece=piece, portrait=job_id)).status is Status.SUCCEEDED
    assert [request.portrait for request in studio.camera.requests] == [PICTURE, b"in the store"]


async def test_a_database_that_is_away_is_waited_for(studio: Studio) -> None:
    async with open_database(SecretStr("postgresql://127.0.0.1:1/nowhere")) as away:
        studio.kept = Kept(away, Worlds(away), LorePieces(away), Media(away), Removals(away))
        job = await studio.made(lore_piece=new_id(), portrait=new_job_id())

    assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "the database is away; waiting")


async def test_an_object_store_that_is_away_is_waited_for_and_costs_no_attempt(
    studio: Studio, objects: LocalObjects, directory: Path
) -> None:
    video = await studio.wanted(portrait=await studio.painted())
    take_away(directory)
    for _ in range(5):
        job = await studio.run(video.id)
        assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "the object store is away; waiting")
    assert studio.camera.requests == []

    bring_back(directory)
    job = await studio.run(video.id)
    assert (job.status, job.attempt) == (Status.SUCCEEDED, 1)


async def test_one_that_goes_away_while_the_video_is_made_is_waited_for_too(
    studio: Studio, directory: Path, redis: Redis, keys: Keys
) -> None:
    class Losing(Camera):
        async def film(self, request: VideoRequest, report: Report, task: Task, /) -> Video:
            take_away(directory)
            return await super().film(request, report, task)

    job = await studio.made(Losing(), portrait=await studio.painted())

    assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "the object store is away; waiting")
    [(_, due)] = await redis.zrange(keys.delayed, 0, -1, withscores=True)
    seconds, microseconds = await redis.time()
    assert 0 < due - seconds * 1000 - microseconds / 1000 <= AWAY_SECONDS * 1000


async def test_a_portrait_that_is_no_picture_fails_at_once(studio: Studio) -> None:
    with closing(Loop(seconds=0.1)) as loop:
        job = await studio.made(loop, portrait=await studio.painted(b"no picture"))

    assert said(job) == (
        Status.FAILED,
        ErrorCode.INVALID_INPUT,
        "The portrait is no picture that can be set in motion.",
    )
    assert await studio.keys() == []


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
