"""The sweep over what is kept, on a real Postgres and a real Redis, one look at a time."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from jobs.media_steps import SUBMITTED_SECONDS, Decision
from jobs.media_sweep import BATCH, MOST_PATIENCE_SECONDS, MediaSweep
from jobs.sweeper import LOST
from storage.keys import Keys
from storage.media import WaitingMedium
from storage.objects.base import Listed
from storage.objects.local_directory import LocalObjects
from storage.records.ids import new_job_id
from storage.records.job import ErrorCode, JobError, Status
from storage.settings import StorageSettings
from storage.stored import Stored
from storage.tasks import end
from tests.support.job_states import ERROR, NOON
from tests.support.keeping import INPUT, Keeping, asked, png, ready
from tests.support.listening import eventually

KEEP_MS = int(StorageSettings().keep_seconds * 1000)
NO_PICTURE = JobError(code=ErrorCode.INVALID_INPUT, message="This is no picture.", retryable=False)


async def upload_of(keeping: Keeping, job: str) -> str:
    return str(await keeping.value("select upload from media where job = $1", job))


async def test_how_the_job_stands_is_seen_on_the_character_by_plain_sql(keeping: Keeping) -> None:
    job = await keeping.jobs.queued()
    await keeping.world(asked(job.id))
    seen = []

    async def look() -> None:
        await keeping.again()
        seen.append(await keeping.value("select portrait_status from lore_pieces"))

    await look()
    running = await keeping.jobs.claimed(job)
    await look()
    await keeping.store.advance(running.job.failed(ERROR, NOON, NOON), running.claim)
    await look()

    assert seen == ["queued", "processing", "failed"]
    assert await keeping.value("select portrait_error ->> 'message' from lore_pieces") == ERROR.message


async def test_a_finished_portrait_is_taken_up_and_its_upload_submitted(keeping: Keeping) -> None:
    job = await keeping.jobs.queued()
    world = await keeping.world(asked(job.id))
    await keeping.finish(job.id, png(1))

    await keeping.again()

    kept = await keeping.value("select details ->> 'image_portrait_base64' from lore_pieces")
    assert base64.b64decode(kept) == png(1)
    piece = await keeping.piece(world)
    assert (piece.portrait.status, piece.portrait.coming) == (Status.SUCCEEDED, job.id)
    upload = await keeping.known(await upload_of(keeping, job.id))
    assert (upload.job.kind, upload.owner, upload.job.status) == ("upload", "ann", Status.QUEUED)


async def test_a_portrait_that_failed_and_is_tried_again_by_a_person_is_taken_up(keeping: Keeping) -> None:
    job = await keeping.jobs.failed()
    await keeping.world(asked(job.id, status=Status.FAILED, error=ERROR))
    await keeping.again()

    await keeping.store.retry(job.id)
    await keeping.again()
    assert await keeping.value("select portrait_status from lore_pieces") == "queued"
    await keeping.finish(job.id, png(2))
    await keeping.again()

    assert await keeping.value("select details ? 'image_portrait_base64' from lore_pieces")


async def test_a_newer_picture_waits_until_the_older_is_in_the_object_store(
    keeping: Keeping, redis: Redis, keys: Keys
) -> None:
    old, new = ready(), await keeping.jobs.queued()
    world = await keeping.world(old, pictures={0: png(1)})
    piece = await keeping.piece(world)
    await keeping.kept.media.ask(piece.id, asked(new.id))
    await keeping.finish(new.id, png(2))
    await redis.hincrby(keys.job(new.id), "kept_until", -KEEP_MS // 2)  # type: ignore[misc]
    await keeping.execute("update media set created_at = now() - interval '1 hour'")

    await keeping.again()

    assert await keeping.value("select details ->> 'portrait' from lore_pieces") == old.job
    waits = await keeping.known(new.id)
    assert (waits.keeps or 0) > KEEP_MS // 2, "it must not expire meanwhile"
    assert await keeping.value("select look_at > now() + interval '5 minutes' from media where job = $1", new.id)
    await keeping.execute("update media set url = '/there' where job = $1", old.job)
    await keeping.execute("update lore_pieces set details = details - 'image_portrait_base64'")
    await keeping.again()
    assert await keeping.value("select details ->> 'portrait' from lore_pieces") == new.id


async def test_what_was_asked_for_and_never_submitted_is_submitted_once_its_asker_must_be_gone(
    keeping: Keeping,
) -> None:
    portrait = asked()
    await keeping.world(portrait)

    await keeping.again()
    assert await keeping.look(portrait.job) is None
    await keeping.execute("update media set created_at = now() - make_interval(secs => $1)", SUBMITTED_SECONDS)
    await keeping.again()

    job = await keeping.known(portrait.job)
    assert (job.job.kind, job.owner, job.job.status) == ("portrait", "ann", Status.QUEUED)
    assert b'"seed": 7' in job.input
    assert job.job.metadata == {"name": "Ada 0"}


async def test_everything_goes_on_after_redis_has_lost_all_it_had(keeping: Keeping, redis: Redis, keys: Keys) -> None:
    painted, uploaded = await keeping.jobs.processing(input=INPUT.encode()), ready()
    await keeping.world(asked(painted.id), uploaded, pictures={1: png(1)})
    await keeping.again()
    assert await keeping.look(uploaded.upload) is not None

    for key in [key async for key in redis.scan_iter(f"{keys.prefix}*")]:
        await redis.delete(key)
    await keeping.again()

    assert (await keeping.known(painted.id)).job.status is Status.QUEUED
    assert (await keeping.known(uploaded.upload)).job.status is Status.QUEUED


async def test_a_portrait_that_expired_before_it_was_taken_up_is_made_by_another_job(
    keeping: Keeping, redis: Redis, keys: Keys
) -> None:
    job = await keeping.jobs.succeeded(input=INPUT.encode())
    await keeping.world(asked(job.id, status=Status.PROCESSING))
    await redis.hset(keys.job(job.id), "kept_until", "1")  # type: ignore[misc]

    await keeping.again()

    other = str(await keeping.value("select portrait_job from lore_pieces"))
    assert other != job.id
    assert (await keeping.known(other)).job.status is Status.QUEUED


@pytest.mark.parametrize("noticed", [False, True])
async def test_a_job_that_a_person_stops_and_removes_stays_away(keeping: Keeping, noticed: bool) -> None:
    job = await keeping.jobs.queued()
    world = await keeping.world(asked(job.id, input=INPUT))
    await keeping.store.cancel(job.id)
    if noticed:
        await keeping.again()
    await keeping.store.remove(job.id)

    for _ in range(3):
        await keeping.again()

    portrait = (await keeping.piece(world)).portrait
    assert (portrait.status, portrait.job, portrait.missing) == (Status.CANCELED, job.id, True)
    assert await keeping.value("select count(*) from media where look_at is not null") == 0


class Hesitant(MediaSweep):
    """Takes no step before another one has seen what it has seen."""

    both = asyncio.Barrier(2)

    async def _take(self, waiting: WaitingMedium, decision: Decision, making: Stored | None) -> None:
        await self.both.wait()
        await super()._take(waiting, decision, making)


async def test_of_two_that_find_a_portrait_expired_one_has_it_made_again(
    keeping: Keeping, redis: Redis, keys: Keys
) -> None:
    job = await keeping.jobs.succeeded(input=INPUT.encode())
    await keeping.world(asked(job.id, status=Status.PROCESSING))
    await redis.hset(keys.job(job.id), "kept_until", "1")  # type: ignore[misc]
    sweep = Hesitant(keeping.store, keeping.portraits, keeping.kept, keeping.objects, seconds=0, most=60)

    async with asyncio.timeout(30):
        await asyncio.gather(sweep.sweep(), sweep.sweep())

    (other,) = await keeping.store.unfinished(limit=10)
    assert other.id == str(await keeping.value("select portrait_job from lore_pieces"))
    assert await keeping.value("select portrait_status from lore_pieces") == "queued"


async def test_one_that_nobody_can_make_again_has_failed(keeping: Keeping) -> None:
    await keeping.world(asked(input=None, status=Status.PROCESSING))

    await keeping.again()

    assert await keeping.value("select portrait_status from lore_pieces") == "failed"
    assert await keeping.value("select portrait_error ->> 'message' from lore_pieces") == LOST.message


@pytest.mark.parametrize(("end", "waited"), [("failed", 0), ("canceled", 0), ("failed", 60), ("failed", 6_000)])
async def test_an_upload_that_ended_without_success_is_followed_by_another_ever_more_seldom(
    keeping: Keeping, end: str, waited: int
) -> None:
    portrait = ready()
    await keeping.world(portrait, pictures={0: png(1)})
    await keeping.again()
    if end == "failed":
        run = await keeping.jobs.claimed(await keeping.known(portrait.upload))
        await keeping.store.advance(run.job.failed(ERROR, NOON, NOON), run.claim)
    else:
        stored = await keeping.known(portrait.upload)
        await keeping.store.cancel(stored.id)

    await keeping.execute("update media set taken_up_at = now() - make_interval(mins => $1)", waited)
    await keeping.again()

    another = await upload_of(keeping, portrait.job)
    assert another != portrait.upload
    assert (await keeping.known(another)).job.status is Status.QUEUED
    again = "select look_at > now() + make_interval(secs => $1) from media"
    assert await keeping.value(again, min(5.0 * waited, MOST_PATIENCE_SECONDS - 60))
    assert not await keeping.value(again, MOST_PATIENCE_SECONDS + 1), "nor is it forgotten"


async def test_what_is_no_picture_has_failed_and_is_left_alone(keeping: Keeping) -> None:
    portrait = ready()
    world = await keeping.world(portrait, pictures={0: b"no picture"})
    await keeping.again()
    run = await keeping.jobs.claimed(await keeping.known(portrait.upload))
    await keeping.store.advance(run.job.failed(NO_PICTURE, NOON, NOON), run.claim)

    for _ in range(3):
        await keeping.again()

    piece = await keeping.piece(world)
    assert (piece.portrait.status, piece.portrait.error) == (Status.FAILED, NO_PICTURE.model_dump(mode="json"))
    assert await keeping.value("select count(*) from media where look_at is not null") == 0
    assert await upload_of(keeping, portrait.job) == portrait.upload


async def test_base64_that_another_program_has_written_is_looked_after(keeping: Keeping) -> None:
    world = await keeping.world(None)
    await keeping.execute(
        "update lore_pieces set details = details || jsonb_build_object('image_portrait_base64', 'iVBORw0KGgo=')"
    )

    await keeping.again()
    await keeping.again()

    piece = await keeping.piece(world)
    assert piece.portrait.coming is not None
    upload = await upload_of(keeping, piece.portrait.coming)
    assert (await keeping.known(upload)).job.status is Status.QUEUED


async def test_a_finished_video_stands_on_its_character(keeping: Keeping) -> None:
    world = await keeping.world(None)
    piece, job = await keeping.piece(world), await keeping.jobs.processing(kind="video")
    await keeping.kept.media.ask(piece.id, asked(job.id, kind="video"))
    result = {
        "url": "/objects/videos/w/c_video.mp4",
        "content_type": "video/mp4",
        "width": 640,
        "height": 640,
        "bytes": 4711,
        "seconds": 4.0,
        "poster": "/objects/videos/w/c_video_poster.jpg",
    }
    await keeping.store.advance(job.job.succeeded(result, NOON, NOON), job.claim)

    await keeping.again()

    video = (await keeping.piece(world)).video
    assert (video.status, video.url, video.poster_url, video.count) == (
        Status.SUCCEEDED,
        result["url"],
        result["poster"],
        1,
    )
    assert await keeping.value("select count(*) from media where look_at is not null") == 0


async def test_ten_that_sweep_at_once_submit_each_job_once_and_take_up_each_picture_once(keeping: Keeping) -> None:
    jobs = [await keeping.jobs.queued() for _ in range(20)]
    await keeping.world(*(asked(job.id) for job in jobs))
    for number, job in enumerate(jobs):
        await keeping.finish(job.id, png(number))

    await asyncio.gather(*(keeping.sweeper().sweep() for _ in range(10)))

    assert await keeping.value("select count(*) from media where taken_up_at is not null") == 20
    assert await keeping.value("select count(*) from lore_pieces where details ? 'image_portrait_base64'") == 20
    active = [stored.job.kind for stored in await keeping.store.unfinished(limit=100)]
    assert active == ["upload"] * 20


async def test_more_that_wait_than_can_be_looked_at_keep_no_deleted_world_from_being_removed(keeping: Keeping) -> None:
    await keeping.kept.worlds.delete(await keeping.world())
    await keeping.world(*(asked(new_job_id()) for _ in range(BATCH)))
    always_due = MediaSweep(keeping.store, keeping.portraits, keeping.kept, keeping.objects, seconds=0, most=60)

    async with asyncio.timeout(30):
        await always_due.sweep()

    assert await keeping.value("select count(*) from removals where look_at <= now()") == 0


class Silent(LocalObjects):
    """An object store that gives no answer."""

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        self.asked = True
        await asyncio.Event().wait()
        yield Listed(prefix, datetime.now(UTC))

    asked = False


async def test_an_object_store_that_gives_no_answer_keeps_no_portrait_from_being_taken_up(keeping: Keeping) -> None:
    silent = Silent(keeping.folder, "/objects")
    sweep = MediaSweep(keeping.store, keeping.portraits, keeping.kept, silent, seconds=0.02, most=60)
    await keeping.kept.worlds.delete(await keeping.world())
    sweeping = asyncio.create_task(sweep.serve())

    async def is_asked() -> bool:
        return silent.asked

    async def is_taken_up() -> object:
        return await keeping.value("select details ? 'image_portrait_base64' from lore_pieces")

    await eventually(is_asked)
    job = await keeping.jobs.queued()
    await keeping.world(asked(job.id))
    await keeping.finish(job.id, png(1))
    await eventually(is_taken_up)
    await end(sweeping)
    silent.close()


class Deaf(Silent):
    """Goes on waiting when it is first told to end, as a library may that talks to Redis."""

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        with contextlib.suppress(asyncio.CancelledError):
            async for listed in super().list(prefix):
                yield listed
        await asyncio.Event().wait()


async def test_a_sweep_ends_though_what_it_waits_for_does_not_hear_of_it_at_once(keeping: Keeping) -> None:
    deaf = Deaf(keeping.folder, "/objects")
    sweep = MediaSweep(keeping.store, keeping.portraits, keeping.kept, deaf, seconds=0.02, most=60)
    await keeping.kept.worlds.delete(await keeping.world())
    sweeping = asyncio.create_task(sweep.serve())

    async def is_asked() -> bool:
        return deaf.asked

    await eventually(is_asked)
    async with asyncio.timeout(10):
        await end(sweeping)
    deaf.close()


async def test_a_job_that_cannot_be_read_keeps_nobody_from_the_others(keeping: Keeping, keys: Keys) -> None:
    broken, well = await keeping.jobs.queued(), await keeping.jobs.queued()
    await keeping.world(asked(broken.id), asked(well.id))
    await keeping.finish(well.id, png(1))
    await keeping.store.commands.ask([(b"HSET", keys.job(broken.id), b"record", b"no record at all")])
    await keeping.execute("update media set created_at = now() - interval '1 hour'")

    await keeping.again()

    assert await keeping.value("select count(*) from media where taken_up_at is not null") == 1
    assert await keeping.value("select look_at > now() + interval '5 minutes' from media where job = $1", broken.id)
