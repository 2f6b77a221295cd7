"""Where the portrait of a video comes from, and what becomes of the video where there is none."""

import base64
import json
from contextlib import closing

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from jobs.providers.loop import Loop
from storage.database import Database, open_database
from storage.jobs import JobStore
from storage.kept import Kept
from storage.keys import Keys
from storage.landing import Landed
from storage.objects.local_directory import LocalObjects
from storage.portraits import StoredPicture
from storage.records.ids import JobId, new_id, new_job_id
from storage.records.job import ErrorCode, Status
from storage.records.world import MediumId, NewMedium, NewPiece, PieceId, WorldId
from tests.support.job_states import JobStates, done
from tests.support.studio import PICTURE, Studio, said

pytestmark = pytest.mark.timeout(60)

GONE = (Status.FAILED, ErrorCode.INVALID_INPUT, "The portrait is no longer kept.")


@pytest.fixture
def objects(studio: Studio) -> LocalObjects:
    return studio.objects


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
    kept = studio.kept = Kept.over(database)
    world, piece, medium, job_id = WorldId(new_id()), PieceId(new_id()), MediumId(new_id()), new_job_id()
    details = {"portrait": job_id, "image_portrait_base64": base64.b64encode(PICTURE).decode()}
    taken_up = NewMedium(medium, "portrait", job_id, new_job_id(), Status.SUCCEEDED, taken_up=True)
    await kept.worlds.create(world, "ann", "Here", [NewPiece(piece, "Ada", json.dumps(details), taken_up)])

    assert (await studio.made(lore_piece=piece, portrait=job_id)).status is Status.SUCCEEDED
    assert said(await studio.made(lore_piece=piece, portrait=new_job_id())) == GONE
    assert said(await studio.made(lore_piece=new_id(), portrait=job_id)) == GONE

    await objects.put("portraits/w/c_portrait.png", b"in the store", "image/png")
    landed = Landed("portraits/w/c_portrait.png", "https://limner.example/objects/x", "image/png", 1, 1, 12)
    assert await kept.landing.landed(medium, landed, base64=details["image_portrait_base64"])
    assert (await studio.made(lore_piece=piece, portrait=job_id)).status is Status.SUCCEEDED
    assert [request.portrait for request in studio.camera.requests] == [PICTURE, b"in the store"]


async def test_a_database_that_is_away_is_waited_for(studio: Studio) -> None:
    async with open_database(SecretStr("postgresql://127.0.0.1:1/nowhere")) as away:
        studio.kept = Kept.over(away)
        job = await studio.made(lore_piece=new_id(), portrait=new_job_id())

    assert (job.status, job.attempt, job.stage) == (Status.QUEUED, 0, "the database is away; waiting")


async def test_a_portrait_that_is_no_picture_fails_at_once(studio: Studio) -> None:
    with closing(Loop(seconds=0.1)) as loop:
        job = await studio.made(loop, portrait=await studio.painted(b"no picture"))

    assert said(job) == (
        Status.FAILED,
        ErrorCode.INVALID_INPUT,
        "The portrait is no picture that can be set in motion.",
    )
    assert await studio.keys() == []
