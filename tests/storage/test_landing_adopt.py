"""Base64 that nobody looks after is looked after from then on."""

import asyncio
import json

import pytest

from storage.kept import Kept
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import PieceId
from tests.support.kept_states import BASE64, ERROR, KeptStates, character, landing, ready, with_details

pytestmark = pytest.mark.timeout(30)

FOREIGN = "Zm9yZWlnbg=="


async def foreign(states: KeptStates, **details: str) -> PieceId:
    """A character that another program has written, with a picture in it."""
    piece = with_details(character(), image_portrait_base64=FOREIGN, **details)
    await states.world(piece)
    return piece.id


async def test_another_programs_picture_lands_like_our_own(kept: Kept, states: KeptStates) -> None:
    piece_id = await foreign(states)

    assert await kept.landing.adopt(limit=10) == 1

    (waiting,) = await kept.media.waiting(limit=10, again=60)
    assert waiting.taken_up
    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.job, portrait.coming) == (Status.SUCCEEDED, waiting.job, waiting.job)
    found = await kept.landing.taken_up(waiting.id)
    assert found is not None
    assert found.base64 == FOREIGN
    assert await kept.landing.landed(waiting.id, landing(), base64=FOREIGN)
    details = await states.details(piece_id)
    assert details["image_portrait"] == landing().url
    assert "image_portrait_base64" not in details
    assert await kept.landing.adopt(limit=10) == 0


async def test_the_job_that_the_details_name_is_believed_if_it_can_be_one(kept: Kept, states: KeptStates) -> None:
    job = new_id()
    named, odd = await foreign(states, portrait=job), await foreign(states, portrait="portrait-17")

    assert await kept.landing.adopt(limit=10) == 2

    assert (await states.piece(named)).portrait.coming == job
    assert (await states.piece(odd)).portrait.coming not in (None, "portrait-17")
    assert (await states.details(odd))["portrait"] == (await states.piece(odd)).portrait.coming


async def test_what_is_looked_after_is_not_adopted(kept: Kept, states: KeptStates) -> None:
    await states.world(ready(), character())

    assert await kept.landing.adopt(limit=10) == 0
    assert await states.count("media") == 1


async def test_a_place_for_a_picture_that_is_empty_is_no_picture(kept: Kept, states: KeptStates) -> None:
    await states.world(with_details(character(), image_portrait_base64=None))

    assert await kept.landing.adopt(limit=10) == 0


async def test_many_who_adopt_at_once_adopt_each_once(kept: Kept, states: KeptStates) -> None:
    pieces = [await foreign(states, portrait="no id") for _ in range(20)]

    await asyncio.gather(*(kept.landing.adopt(limit=7) for _ in range(8)))
    while await kept.landing.adopt(limit=7):
        pass

    assert await states.count("media") == 20
    for piece_id in pieces:
        (medium,) = await kept.media.history(piece_id)
        assert (await states.details(piece_id))["portrait"] == medium.job
        assert medium.chosen


async def test_no_more_than_so_many_are_adopted_at_once(kept: Kept, states: KeptStates) -> None:
    for _ in range(5):
        await foreign(states)

    assert [await kept.landing.adopt(limit=3) for _ in range(3)] == [3, 2, 0]


async def test_a_picture_that_was_put_in_the_place_of_a_landing_one_is_adopted(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.taken_up(piece_id)
    await kept.database.execute(
        "update lore_pieces set details = details || $2::jsonb where id = $1",
        piece_id,
        json.dumps({"image_portrait_base64": FOREIGN}),
    )
    assert await kept.landing.adopt(limit=10) == 0, "until the one that is on its way has landed"
    await kept.landing.landed(media.id, landing("first.png"), base64=BASE64)

    assert await kept.landing.adopt(limit=10) == 1

    newest, older = await kept.media.history(piece_id)
    assert older.id == media.id
    assert await kept.landing.landed(newest.id, landing("second.png"), base64=FOREIGN)
    assert (await states.piece(piece_id)).portrait.url == "https://objects.example/second.png"


async def test_one_that_is_no_picture_is_not_adopted_over_and_over(kept: Kept, states: KeptStates) -> None:
    piece_id = await foreign(states)
    await kept.landing.adopt(limit=10)
    (medium,) = await kept.media.history(piece_id)
    await kept.media.note(medium.id, Status.FAILED, ERROR)
    assert await kept.landing.adopt(limit=10) == 0

    await kept.database.execute(
        "update lore_pieces set details = details || $2::jsonb where id = $1",
        piece_id,
        json.dumps({"image_portrait_base64": BASE64, "portrait": new_id()}),
    )
    assert await kept.landing.adopt(limit=10) == 1, "but another picture is"


async def test_adopting_says_nothing_of_a_portrait_that_is_being_made(kept: Kept, states: KeptStates) -> None:
    piece_id = await foreign(states)
    media = await states.ask(piece_id)

    assert await kept.landing.adopt(limit=10) == 1

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.job) == (Status.QUEUED, media.job)
    assert portrait.coming not in (None, media.job)
