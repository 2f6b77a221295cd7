"""From a finished portrait to its place in the object store: the picture that is shown is always a whole one."""

import asyncio
import json

import pytest

from storage.kept import Kept
from storage.media import KeptPicture
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import PieceId
from tests.support.kept_states import BASE64, ERROR, KeptStates, character, landing, landing_video, ready

pytestmark = pytest.mark.timeout(30)

FOREIGN = "Zm9yZWlnbg=="


async def replace_picture(kept: Kept, piece_id: PieceId, **details: str) -> None:
    """As another program does, with plain SQL."""
    await kept.database.execute(
        "update lore_pieces set details = details || $2::jsonb where id = $1", piece_id, json.dumps(details)
    )


async def test_a_finished_portrait_is_kept_with_its_character(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()

    media = await states.taken_up(piece_id)

    details = await states.details(piece_id)
    assert (details["portrait"], details["image_portrait_base64"]) == (media.job, BASE64)
    assert details["race"] == "elf"
    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.coming, portrait.url, portrait.count) == (
        Status.SUCCEEDED,
        media.job,
        None,
        1,
    )
    found = await kept.landing.taken_up(media.id)
    assert found is not None
    assert (found.id, found.piece_id, found.world_id, found.job) == (media.id, piece_id, world_id, media.job)
    assert (found.base64, found.url, found.earlier) == (BASE64, None, 0)


async def test_one_that_was_not_taken_up_is_not_to_be_put_anywhere(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.ask(piece_id)

    assert await kept.landing.taken_up(media.id) is None


async def test_a_newer_portrait_waits_until_the_older_has_landed(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    old = await states.taken_up(piece_id)
    new = await states.ask(piece_id)
    await kept.media.note(new.id, Status.SUCCEEDED)

    assert not await kept.landing.take_up(new.id, FOREIGN)
    assert (await states.details(piece_id))["image_portrait_base64"] == BASE64

    await kept.landing.landed(old.id, landing(), base64=BASE64)
    assert await kept.landing.take_up(new.id, FOREIGN)
    assert (await states.details(piece_id))["image_portrait_base64"] == FOREIGN


async def test_of_many_who_take_a_portrait_up_at_once_one_does(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.ask(piece_id)

    taken = await asyncio.gather(*(kept.landing.take_up(media.id, BASE64) for _ in range(10)))

    assert sorted(taken) == [False] * 9 + [True]


async def test_one_that_landed_is_not_taken_up_again(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.landed(piece_id, "a.png")

    assert not await kept.landing.take_up(media.id, BASE64)

    assert "image_portrait_base64" not in await states.details(piece_id)


async def test_an_older_one_that_is_taken_up_says_nothing_of_the_newest(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    old = await states.ask(piece_id)
    await kept.media.note(old.id, Status.SUCCEEDED)
    new = await states.ask(piece_id)

    assert await kept.landing.take_up(old.id, BASE64)

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.job, portrait.coming) == (Status.QUEUED, new.job, old.job)
    assert portrait.being_made


async def test_a_portrait_that_landed_is_shown_from_there_and_its_base64_is_gone(
    kept: Kept, states: KeptStates
) -> None:
    _, piece_id = await states.lone(ready())
    (ahead,) = await kept.media.history(piece_id)
    place = landing("portraits/w/c_portrait.png")

    assert await kept.landing.landed(ahead.id, place, base64=BASE64)

    details, portrait = await states.details(piece_id), (await states.piece(piece_id)).portrait
    assert "image_portrait_base64" not in details
    assert details["image_portrait"] == place.url
    assert (details["portrait"], details["race"]) == (ahead.job, "elf")
    assert (portrait.url, portrait.coming, portrait.count, portrait.status) == (place.url, None, 1, Status.SUCCEEDED)
    (medium,) = await kept.media.history(piece_id)
    assert (medium.url, medium.content_type, medium.chosen) == (place.url, "image/png", True)
    assert (medium.width, medium.height, medium.bytes, medium.seconds) == (640, 832, 1_234, None)
    (row,) = await states.rows("select object_key, landed_at is not null as landed, look_at from media")
    assert (row["object_key"], row["landed"], row["look_at"]) == (place.object_key, True, None)


async def test_landing_twice_is_landing_once(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.taken_up(piece_id)

    answers = await asyncio.gather(*(kept.landing.landed(media.id, landing(), base64=BASE64) for _ in range(2)))

    assert answers == [True, True]
    assert (await states.piece(piece_id)).portrait.url == landing().url


@pytest.mark.parametrize(("same_job", "picture"), [(True, FOREIGN), (False, FOREIGN), (False, BASE64)])
async def test_what_was_put_in_its_place_meanwhile_stays_until_it_has_landed_itself(
    kept: Kept, states: KeptStates, same_job: bool, picture: str
) -> None:
    _, piece_id = await states.lone()
    await states.landed(piece_id, "before.png")
    media = await states.taken_up(piece_id)
    job = media.job if same_job else new_id()
    await replace_picture(kept, piece_id, portrait=job, image_portrait_base64=picture)

    assert await kept.landing.landed(media.id, landing("late.png"), base64=BASE64)

    details = await states.details(piece_id)
    assert (details["portrait"], details["image_portrait_base64"]) == (job, picture)
    assert details["image_portrait"] == "https://objects.example/before.png"
    assert (await states.medium(piece_id, media.id)).url == "https://objects.example/late.png"


async def test_one_whose_picture_was_replaced_has_nothing_to_be_put_away(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.taken_up(piece_id)
    await replace_picture(kept, piece_id, portrait=new_id(), image_portrait_base64=FOREIGN)

    found = await kept.landing.taken_up(media.id)

    assert found is not None
    assert found.base64 is None


async def test_one_that_cannot_be_put_away_gives_its_place_to_the_next(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()
    first = await states.landed(piece_id, "first.png")
    bad = await states.taken_up(piece_id, "no picture")
    await kept.media.note(bad.id, Status.FAILED, ERROR)

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.coming, portrait.count) == (Status.FAILED, None, 1)
    assert not (await states.medium(piece_id, bad.id)).chosen
    assert await kept.lore_pieces.choose(world_id, piece_id, first.id)

    next_one = await states.landed(piece_id, "next.png")

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.url, portrait.job) == ("https://objects.example/next.png", next_one.job)
    assert "image_portrait_base64" not in await states.details(piece_id)


async def test_one_on_its_way_is_not_noted_as_being_made(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.taken_up(piece_id)

    await kept.media.note(media.id, Status.PROCESSING, again=1)  # by one who had looked before

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.coming) == (Status.SUCCEEDED, media.job)


async def test_an_upload_learns_how_many_are_there_before_it(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    await states.landed(piece_id, "1.png")
    await states.landed(piece_id, "2.png")
    landed = await states.landed(piece_id, "3.png")
    coming = await states.taken_up(piece_id)

    ahead, there = await kept.landing.taken_up(coming.id), await kept.landing.taken_up(landed.id)

    assert ahead is not None
    assert (ahead.earlier, ahead.url) == (3, None)
    assert there is not None
    assert there.url == "https://objects.example/3.png"


async def test_the_old_picture_is_shown_until_the_new_one_has_landed(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    await states.landed(piece_id, "old.png")

    media = await states.taken_up(piece_id)
    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.url, portrait.coming) == ("https://objects.example/old.png", media.job)

    await kept.landing.landed(media.id, landing("new.png"), base64=BASE64)
    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.url, portrait.coming, portrait.count) == ("https://objects.example/new.png", None, 2)


async def test_a_video_is_shown_with_its_poster_once_it_is_there(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone(ready())
    media = await states.ask(piece_id, "video")
    place = landing_video()

    await kept.landing.shown(media.id, place)

    video = (await states.piece(piece_id)).video
    assert (video.status, video.url, video.poster_url, video.count) == (
        Status.SUCCEEDED,
        place.url,
        place.poster_url,
        1,
    )
    medium = await states.medium(piece_id, media.id)
    assert (medium.url, medium.poster_url, medium.seconds, medium.chosen) == (place.url, place.poster_url, 3.0, True)
    assert (await states.details(piece_id))["image_portrait_base64"] == BASE64


async def test_an_older_video_that_comes_late_says_nothing_of_the_newest(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone(character())
    old = await states.ask(piece_id, "video")
    await kept.media.note(old.id, Status.SUCCEEDED)
    new = await states.ask(piece_id, "video")

    await kept.landing.shown(old.id, landing_video())

    video = (await states.piece(piece_id)).video
    assert (video.status, video.job, video.url) == (Status.QUEUED, new.job, landing_video().url)


async def test_a_kept_portrait_is_found_by_its_job_wherever_it_is(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    landed = await states.landed(piece_id, "a.png")
    coming = await states.taken_up(piece_id)
    asked_for = await states.ask(piece_id)

    assert await kept.media.picture_of(piece_id, landed.job) == KeptPicture(None, "a.png")
    assert await kept.media.picture_of(piece_id, coming.job) == KeptPicture(BASE64, None)
    assert await kept.media.picture_of(piece_id, asked_for.job) is None
    assert await kept.media.picture_of(new_id(), landed.job) is None

    await replace_picture(kept, piece_id, portrait=new_id(), image_portrait_base64=FOREIGN)
    assert await kept.media.picture_of(piece_id, coming.job) is None


@pytest.mark.parametrize("how", ["give up", "refuse"])
async def test_one_that_another_run_has_put_there_meanwhile_has_not_failed(
    kept: Kept, states: KeptStates, how: str
) -> None:
    _, piece_id = await states.lone()
    media = await states.taken_up(piece_id)
    await kept.landing.landed(media.id, landing(), base64=BASE64)

    if how == "give up":
        await kept.landing.give_up(media.id, ERROR)
    else:
        await kept.landing.refuse(media.id, ERROR, base64=BASE64)

    (medium,) = await kept.media.history(piece_id)
    assert (medium.status, medium.url, medium.error) == (Status.SUCCEEDED, landing().url, None)
    assert (await states.piece(piece_id)).portrait.count == 1
