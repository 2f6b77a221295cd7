import asyncio
import uuid
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from jobs.errors import InvalidInput
from jobs.uploads import UploadPicture, picture_in
from storage.objects.content import content_type_of
from storage.objects.local_directory import LocalObjects
from storage.portraits import StoredPicture
from storage.records.ids import new_job_id
from storage.records.inputs import UPLOAD, UploadInput
from storage.records.job import Status
from storage.worlds import Worlds
from tests.support.gallery import AWAY_SECONDS, BASE, OTHER, PICTURE, REFUSED, Gallery, keys_in, said
from tests.support.job_states import done
from tests.support.keeping import text_of
from tests.support.pictures import portrait
from tests.support.work import Bench, entry

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def objects(gallery: Gallery) -> LocalObjects:
    return gallery.objects


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
async def test_a_portrait_of_a_world_goes_into_the_object_store_and_its_base64_out_of_the_database(
    gallery: Gallery, objects: LocalObjects, ending: str
) -> None:
    data = portrait(64, 48, ending)
    whose = await gallery.kept(text_of(data))

    job = await gallery.put_away(objects, media=whose.media)

    url = f"{BASE}/{whose.stem}.png"
    assert (job.status, job.result) == (Status.SUCCEEDED, {"url": url})
    assert await objects.get(f"{whose.stem}.png") == data
    assert await gallery.details(whose) == {"traits": ["Fearless"], "portrait": whose.job, "image_portrait": url}
    row = await gallery.row(whose)
    assert (row["object_key"], row["url"], row["content_type"]) == (f"{whose.stem}.png", url, content_type_of(data))
    assert (row["width"], row["height"], row["bytes"], row["look_at"]) == (64, 48, len(data), None)
    assert row["landed_at"] is not None


async def test_a_later_portrait_of_the_same_character_has_a_number_and_takes_its_place(
    gallery: Gallery, objects: LocalObjects
) -> None:
    first = await gallery.kept()
    await gallery.put_away(objects, media=first.media)
    second = await gallery.further(first, OTHER)
    await gallery.put_away(objects, media=second.media)
    third = await gallery.further(first, OTHER)  # the same seed may paint the same once more
    await gallery.put_away(objects, media=third.media)

    stem = first.stem
    assert await keys_in(objects) == [f"{stem}.png", f"{stem}_2.png", f"{stem}_3.png"]
    assert await objects.get(f"{stem}.png") == PICTURE
    assert await objects.get(f"{stem}_2.png") == OTHER
    assert (await gallery.details(first))["image_portrait"] == f"{BASE}/{stem}_3.png"


async def test_what_stands_under_its_key_already_is_never_written_over(gallery: Gallery, objects: LocalObjects) -> None:
    whose = await gallery.kept()
    await objects.put(f"{whose.stem}.png", OTHER, "image/png")

    job = await gallery.put_away(objects, media=whose.media)

    assert job.result == {"url": f"{BASE}/{whose.stem}_2.png"}
    assert await objects.get(f"{whose.stem}.png") == OTHER


NO_PICTURES = {
    "no base64": "iVBOR***",
    "base64 in lines": text_of(PICTURE)[:76] + "\n" + text_of(PICTURE)[76:],
    "text": text_of(b"no picture at all"),
    "nothing": "",
    "a head alone": text_of(PICTURE[:40]),
    "a PNG cut off": text_of(PICTURE[:-20]),
    "a PNG with a wrong byte": text_of(PICTURE[:-60] + bytes([PICTURE[-60] ^ 255]) + PICTURE[-59:]),
    "a JPEG cut off": text_of(portrait(64, 64, ".jpg")[:-200]),
    "a WebP cut off": text_of(portrait(64, 64, ".webp")[:-20]),
    "100 megapixels": text_of(PICTURE[:16] + (10_000).to_bytes(4) * 2 + PICTURE[24:]),
}


@pytest.mark.parametrize("text", NO_PICTURES.values(), ids=NO_PICTURES.keys())
def test_what_is_no_whole_picture_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no picture"):
        picture_in(text)


async def test_of_what_is_no_picture_nothing_is_stored(gallery: Gallery, objects: LocalObjects) -> None:
    text = NO_PICTURES["a PNG cut off"]
    whose = await gallery.kept(text)

    assert said(await gallery.put_away(objects, media=whose.media)) == REFUSED
    assert said(await gallery.put_away(objects, image_base64=text, world_id="1", character_id="2")) == REFUSED
    painted = await gallery.painted(b"no picture at all")
    assert said(await gallery.put_away(objects, portrait=painted, world_id="1", character_id="2")) == REFUSED
    assert await keys_in(objects) == []


async def test_what_is_no_picture_leaves_its_place_to_the_next_portrait_and_to_the_one_before(
    gallery: Gallery, objects: LocalObjects
) -> None:
    whose = await gallery.kept()
    url = f"{BASE}/{whose.stem}.png"
    await gallery.put_away(objects, media=whose.media)
    broken = await gallery.further(whose, PICTURE[:-20])
    assert said(await gallery.put_away(objects, media=broken.media)) == REFUSED

    shown = {"portrait": whose.job, "image_portrait": url, "shown": "portrait"}
    assert await gallery.details(whose) == {"traits": ["Fearless"], **shown}
    row = await gallery.row(broken)
    assert (row["status"], row["taken_up_at"], row["look_at"]) == ("failed", None, None)
    row = await gallery.piece(whose)
    assert (row["portrait_status"], row["portrait_job"]) == ("failed", uuid.UUID(broken.job))
    assert "no picture" in row["portrait_error"]
    following = await gallery.further(whose, OTHER)
    job = await gallery.put_away(objects, media=following.media)
    assert job.result == {"url": f"{BASE}/{whose.stem}_2.png"}


async def test_what_is_no_picture_takes_away_nothing_that_is_one(gallery: Gallery) -> None:
    whose = await gallery.kept()
    await gallery.landing.refuse(whose.media, InvalidInput().error(), base64=text_of(OTHER))
    assert (await gallery.details(whose))["image_portrait_base64"] == text_of(PICTURE)


async def test_a_picture_of_a_world_that_was_deleted_is_refused(gallery: Gallery, objects: LocalObjects) -> None:
    whose = await gallery.kept()
    await Worlds(gallery.database).delete(whose.world)

    job = await gallery.put_away(objects, media=whose.media)

    assert said(job) == REFUSED
    assert job.error is not None
    assert job.error.message == "The world of this picture was deleted."
    assert await keys_in(objects) == []


async def test_a_picture_whose_place_was_taken_before_leaves_it_to_the_other(
    gallery: Gallery, objects: LocalObjects
) -> None:
    whose = await gallery.kept(portrait=new_job_id())

    job = await gallery.put_away(objects, media=whose.media)

    assert said(job) == REFUSED
    assert job.error is not None
    assert job.error.message == "Another picture has taken the place of this one."
    assert (await gallery.details(whose))["image_portrait_base64"] == text_of(PICTURE)
    assert await gallery.landing.adopt(limit=10) == 1


async def test_a_worker_without_a_database_leaves_the_portraits_of_worlds_to_others(
    bench: Bench, gallery: Gallery, objects: LocalObjects
) -> None:
    whose = await gallery.kept()
    stored = await gallery.wanted(media=whose.media)
    upload = UploadPicture(gallery.store, gallery.portraits, objects, None, retry_seconds=AWAY_SECONDS)
    await bench.working(upload, kind=UPLOAD).run(stored.id, stored.claim)

    assert (await gallery.jobs.get(stored.id)).job.status is Status.QUEUED


async def test_an_application_gets_the_address_of_its_picture(gallery: Gallery, objects: LocalObjects) -> None:
    whose = {"world_id": "123", "character_id": "456"}

    sent = await gallery.put_away(objects, image_base64=text_of(PICTURE), **whose)
    again = await gallery.put_away(objects, image_base64=text_of(PICTURE), **whose)
    painted = await gallery.put_away(objects, portrait=await gallery.painted(OTHER), **whose)

    assert sent.result == again.result == {"url": f"{BASE}/portraits/123/456_portrait.png"}
    assert painted.result == {"url": f"{BASE}/portraits/123/456_portrait_2.png"}
    assert await objects.get("portraits/123/456_portrait.png") == PICTURE
    assert await objects.get("portraits/123/456_portrait_2.png") == OTHER


async def test_nothing_is_put_into_a_world_that_was_deleted_meanwhile(gallery: Gallery, objects: LocalObjects) -> None:
    whose = await gallery.kept()
    wanted = {"image_base64": text_of(PICTURE), "world_id": whose.world, "character_id": "456", "ours": True}

    before = await gallery.put_away(objects, **wanted)
    await Worlds(gallery.database).delete(whose.world)
    after = await gallery.put_away(objects, **wanted)

    assert before.status is Status.SUCCEEDED
    assert said(after) == REFUSED
    assert await keys_in(objects) == [f"portraits/{whose.world}/456_portrait.png"]


async def test_a_portrait_that_is_being_painted_is_waited_for(gallery: Gallery, objects: LocalObjects) -> None:
    painting = await gallery.jobs.processing()
    stored = await gallery.wanted(portrait=painting.id, world_id="123", character_id="456")

    waiting = await gallery.run(stored.id, objects)
    await gallery.store.advance(done(painting.job), painting.claim, StoredPicture.of(PICTURE))
    finished = await gallery.run(stored.id, objects)

    assert (waiting.status, waiting.attempt, waiting.stage) == (Status.QUEUED, 0, "waiting for its portrait")
    assert finished.status is Status.SUCCEEDED


async def test_a_portrait_of_which_there_will_be_none_says_why(gallery: Gallery, objects: LocalObjects) -> None:
    messages = []
    for portrait_id in [
        (await gallery.jobs.failed()).id,
        (await gallery.jobs.canceled()).id,
        new_job_id(),
    ]:
        job = await gallery.put_away(objects, portrait=portrait_id, world_id="123", character_id="456")
        assert said(job) == REFUSED
        assert job.error is not None
        messages.append(job.error.message)

    assert messages == [
        "There is no portrait to put away: it could not be painted.",
        "There is no portrait to put away: it was stopped.",
        "The portrait is no longer kept.",
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"media": "m", "portrait": "p"},
        {"media": "m", "world_id": "1", "character_id": "2"},
        {"portrait": "p", "image_base64": "b", "world_id": "1", "character_id": "2"},
        {"portrait": "p"},
        {"image_base64": "b", "world_id": "1"},
    ],
)
def test_an_input_names_one_picture_and_whose_it_is(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        UploadInput(**given)


class Nowhere:
    """An object store that takes everything at once."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        pass

    def url(self, key: str) -> str:
        return key

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError


async def test_pictures_are_looked_at_away_from_the_event_loop(gallery: Gallery) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    large = cv2.imencode(".png", np.zeros((4_000, 4_000), np.uint8))[1].tobytes()
    stored = await gallery.wanted(image_base64=text_of(large), world_id="1", character_id="2")
    nowhere: Any = Nowhere()
    working = gallery.working(nowhere)
    (run,) = await working.begin([entry(stored.id, stored.claim)], 1)
    ticking = asyncio.create_task(tick())
    await working.kind.function(run)
    ticking.cancel()

    assert ticks > 20
