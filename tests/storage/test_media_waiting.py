"""What waits to be put away: each for one worker at a time, again after a while, until nothing is left to do."""

import asyncio
from collections.abc import Sequence

import pytest

from storage.kept import Kept
from storage.media import WaitingMedium
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import MediumId, NewMedium
from tests.support.kept_states import BASE64, OWNER, KeptStates, asked, character, landing_video, ready

pytestmark = pytest.mark.timeout(30)


async def waiting(kept: Kept, limit: int = 100, again: float = 60) -> Sequence[WaitingMedium]:
    return await kept.media.waiting(limit=limit, again=again)


async def due(kept: Kept, *, within: float) -> int:
    """How many are to be looked at within so many seconds."""
    row = await kept.database.first(
        "select count(*) as rows from media where look_at <= now() + make_interval(secs => $1)", within
    )
    assert row is not None
    return int(row["rows"])


async def test_what_was_asked_for_is_looked_at_at_once_with_all_that_is_needed_to_ask_again(
    kept: Kept, states: KeptStates
) -> None:
    world_id, piece_id = await states.lone()
    media = await states.ask(piece_id, "video", input='{"seed": 7}')

    (found,) = await waiting(kept)

    assert (found.id, found.piece_id, found.world_id, found.owner) == (media.id, piece_id, world_id, OWNER)
    assert (found.kind, found.job, found.upload) == ("video", media.job, media.upload)
    assert (found.input, found.status, found.taken_up) == ('{"seed": 7}', Status.QUEUED, False)
    assert 0 <= found.age < 25


async def test_a_portrait_that_was_ready_waits_to_be_uploaded(kept: Kept, states: KeptStates) -> None:
    await states.world(ready(), character())

    (found,) = await waiting(kept)

    assert found.taken_up
    assert found.status is Status.SUCCEEDED


async def test_of_ten_who_look_at_once_each_gets_other_rows(kept: Kept, states: KeptStates) -> None:
    pieces = [ready(f"Number {number}") for number in range(45)]
    await states.world(*pieces)

    taken = await asyncio.gather(*(waiting(kept, limit=6) for _ in range(10)))

    found = [row.piece_id for rows in taken for row in rows]
    assert len(found) == len(set(found))
    assert max(len(rows) for rows in taken) <= 6
    left = await waiting(kept)
    assert {*found, *(row.piece_id for row in left)} == {piece.id for piece in pieces}
    assert await waiting(kept) == []


async def test_whoever_looks_does_not_wait_for_another(kept: Kept, states: KeptStates) -> None:
    first, second = ready(), ready()
    await states.world(first, second)
    async with kept.database.transaction() as another:
        await another.execute("update media set look_at = now() + interval '1 hour' where lore_piece_id = $1", first.id)

        assert [row.piece_id for row in await waiting(kept)] == [second.id]


async def test_the_longest_due_come_first(kept: Kept, states: KeptStates) -> None:
    pieces = [character(portrait=asked()) for _ in range(3)]
    await states.world(*pieces)
    media = [piece.portrait.id for piece in pieces if piece.portrait is not None]
    for medium_id, seconds in zip(media, (10, 30, 20), strict=True):
        await kept.media.look_again(medium_id, seconds=-seconds)

    found = [(await waiting(kept, limit=1))[0].id for _ in range(3)]

    assert found == [media[1], media[2], media[0]]


async def test_one_that_nobody_finished_comes_again(kept: Kept, states: KeptStates) -> None:
    await states.world(ready())

    assert len(await waiting(kept, again=0)) == 1
    assert len(await waiting(kept, again=60)) == 1
    assert await waiting(kept) == []
    assert await due(kept, within=59) == 0
    assert await due(kept, within=61) == 1


async def one(kept: Kept, states: KeptStates) -> NewMedium:
    _, piece_id = await states.lone()
    media = await states.ask(piece_id)
    await waiting(kept)
    return media


async def test_a_note_says_when_to_look_again(kept: Kept, states: KeptStates) -> None:
    media = await one(kept, states)

    await kept.media.note(media.id, Status.PROCESSING, again=0)
    assert [row.status for row in await waiting(kept)] == [Status.PROCESSING]

    await kept.media.note(media.id, Status.FAILED, again=None)
    assert await due(kept, within=1_000_000) == 0


async def test_one_is_looked_at_again_when_it_was_said_or_never(kept: Kept, states: KeptStates) -> None:
    media = await one(kept, states)

    await kept.media.look_again(media.id, seconds=0)
    assert len(await waiting(kept)) == 1

    await kept.media.look_again(media.id, seconds=None)
    await kept.media.look_again(media.id, seconds=0)  # by one who had looked before
    assert await due(kept, within=1_000_000) == 0


async def test_one_that_was_taken_up_is_looked_at_at_once(kept: Kept, states: KeptStates) -> None:
    media = await one(kept, states)

    await kept.landing.take_up(media.id, BASE64)

    assert [(row.id, row.taken_up) for row in await waiting(kept)] == [(media.id, True)]


async def test_another_upload_takes_the_place_of_one_that_is_gone(kept: Kept, states: KeptStates) -> None:
    media, upload = await one(kept, states), new_id()
    await kept.landing.upload_with(media.id, upload)
    await kept.landing.upload_with(MediumId(new_id()), upload)

    await kept.media.look_again(media.id, seconds=0)

    assert [row.upload for row in await waiting(kept)] == [upload]


async def test_what_is_there_is_never_looked_at_again(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    portrait = await states.landed(piece_id, "a.png")
    video = await states.ask(piece_id, "video")
    await kept.landing.shown(video.id, landing_video())

    for media in (portrait, video):
        await kept.media.note(media.id, Status.PROCESSING, again=0)  # by one who had looked before
        await kept.media.look_again(media.id, seconds=0)
        assert not await kept.landing.upload_with(media.id, new_id())

    assert await due(kept, within=1_000_000) == 0
    assert {medium.status for medium in await kept.media.history(piece_id)} == {Status.SUCCEEDED}
