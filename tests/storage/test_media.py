"""Asking for portraits and videos: one of a kind at a time, and how it stands is noted."""

import asyncio
import json

import pytest

from storage.errors import BeingMade, PieceUnknown
from storage.kept import Kept
from storage.media import insert_medium
from storage.media_statements import note_on_piece
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import MediaKind, PieceId
from tests.support.kept_states import BASE64, ERROR, KeptStates, asked, character

pytestmark = pytest.mark.timeout(30)


async def test_what_was_asked_for_stands_on_the_character_and_in_its_history(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()

    video = await states.ask(piece_id, "video")

    piece = await states.piece(piece_id)
    assert (piece.video.status, piece.video.job, piece.video.count) == (Status.QUEUED, video.job, 0)
    assert piece.portrait.status is None
    (medium,) = await kept.media.history(piece_id)
    assert (medium.id, medium.kind, medium.job, medium.status) == (video.id, "video", video.job, Status.QUEUED)
    assert (medium.url, medium.error, medium.chosen) == (None, None, False)


@pytest.mark.parametrize("kind", ["portrait", "video"])
async def test_of_twenty_who_ask_at_once_one_gets_it_and_the_others_hear_which_job(
    kept: Kept, states: KeptStates, kind: MediaKind
) -> None:
    _, piece_id = await states.lone()

    answers = await asyncio.gather(*(states.ask(piece_id, kind) for _ in range(20)), return_exceptions=True)

    (got,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    refused = [answer for answer in answers if isinstance(answer, BeingMade)]
    assert [error.job for error in refused] == [got.job] * 19
    assert [medium.id for medium in await kept.media.history(piece_id)] == [got.id]


async def test_a_portrait_and_a_video_are_made_at_the_same_time(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()

    await asyncio.gather(states.ask(piece_id, "portrait"), states.ask(piece_id, "video"))

    assert len(await kept.media.history(piece_id)) == 2


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELED, Status.SUCCEEDED])
async def test_one_more_is_asked_for_once_the_last_has_ended(kept: Kept, states: KeptStates, status: Status) -> None:
    _, piece_id = await states.lone()
    first = await states.ask(piece_id)
    await kept.media.note(first.id, Status.PROCESSING)
    with pytest.raises(BeingMade):
        await states.ask(piece_id)
    await kept.media.note(first.id, status)

    second = await states.ask(piece_id)

    piece = await states.piece(piece_id)
    assert (piece.portrait.status, piece.portrait.job) == (Status.QUEUED, second.job)


async def test_nothing_is_asked_for_a_character_that_is_not_there(kept: Kept) -> None:
    with pytest.raises(PieceUnknown):
        await kept.media.ask(PieceId(new_id()), asked())


async def test_what_is_withdrawn_leaves_the_character_as_it_was(kept: Kept, states: KeptStates) -> None:
    failed = asked(status=Status.FAILED, error=ERROR)
    _, piece_id = await states.lone(character(portrait=asked(status=Status.CANCELED)))
    async with kept.database.transaction() as connection:
        await insert_medium(connection, piece_id, failed)
        await connection.execute(note_on_piece("portrait"), piece_id, failed.job, "failed", ERROR.model_dump_json())
    before, history = await states.piece(piece_id), await kept.media.history(piece_id)

    media = await states.ask(piece_id)
    assert await states.piece(piece_id) != before
    await kept.media.withdraw(media.id)

    assert await states.piece(piece_id) == before
    assert await kept.media.history(piece_id) == history
    await states.ask(piece_id)


async def test_the_first_that_is_withdrawn_leaves_a_character_that_nothing_was_asked_for(
    kept: Kept, states: KeptStates
) -> None:
    _, piece_id = await states.lone()
    before = await states.piece(piece_id)

    video = await states.ask(piece_id, "video")
    await kept.media.withdraw(video.id)
    await kept.media.withdraw(video.id)

    assert await states.piece(piece_id) == before
    assert before.video.missing


async def test_one_job_is_found_in_a_long_history(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    wanted = await states.landed(piece_id, "first.png")
    await states.landed(piece_id, "second.png")

    assert [medium.id for medium in await kept.media.history(piece_id, job=wanted.job)] == [wanted.id]
    assert await kept.media.history(piece_id, job=new_id()) == []


async def test_the_newest_comes_first_in_the_history_whoever_waited_for_whom(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    asked_for = []
    for _ in range(4):
        media = await states.ask(piece_id)
        await kept.media.note(media.id, Status.FAILED)
        asked_for.append(media.id)

    late, early = asked(), asked(status=Status.FAILED)
    async with kept.database.transaction() as connection:
        await connection.execute("select 1 from lore_pieces where id = $1 for no key update", piece_id)
        waiting = asyncio.create_task(kept.media.ask(piece_id, late))
        await states.until_one_waits()
        async with kept.database.transaction() as another:
            await insert_medium(another, piece_id, early)
    await waiting

    assert [medium.id for medium in await kept.media.history(piece_id)] == [late.id, early.id, *asked_for[::-1]]


async def test_the_status_is_noted_on_it_and_on_its_character(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.ask(piece_id)

    await kept.media.note(media.id, Status.PROCESSING)
    assert (await states.piece(piece_id)).portrait.status is Status.PROCESSING
    await kept.media.note(media.id, Status.FAILED, ERROR)

    piece, medium = await states.piece(piece_id), await states.medium(piece_id, media.id)
    told = ERROR.model_dump(mode="json")
    assert (piece.portrait.status, piece.portrait.error) == (Status.FAILED, told)
    assert (medium.status, medium.error) == (Status.FAILED, told)
    (row,) = await states.rows("select portrait_status, portrait_job::text, portrait_error from lore_pieces")
    assert (row["portrait_status"], row["portrait_job"]) == ("failed", media.job), "plain SQL sees it"
    assert json.loads(row["portrait_error"]) == told


async def test_an_error_is_forgotten_with_the_next_status(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.ask(piece_id)
    await kept.media.note(media.id, Status.FAILED, ERROR)

    await kept.media.note(media.id, Status.QUEUED)

    assert (await states.piece(piece_id)).portrait.error is None
    assert (await states.medium(piece_id, media.id)).error is None


async def test_an_error_is_noted_whatever_its_message_holds(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.ask(piece_id)

    await kept.media.note(media.id, Status.FAILED, ERROR.model_copy(update={"message": "a\0b\n'\"<b>\\u0000"}))

    error = (await states.piece(piece_id)).portrait.error
    assert error is not None
    assert error["message"].startswith("ab\n'\"<b>")


async def test_how_an_older_one_ends_is_noted_on_it_only(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    old = await states.ask(piece_id)
    await kept.media.note(old.id, Status.CANCELED)
    new = await states.ask(piece_id)

    await kept.media.note(old.id, Status.FAILED, ERROR)

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.job, portrait.error) == (Status.QUEUED, new.job, None)
    assert (await states.medium(piece_id, old.id)).status is Status.FAILED


async def test_an_older_one_that_is_tried_again_is_not_made_beside_the_newest(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    old = await states.ask(piece_id)
    await kept.media.note(old.id, Status.FAILED, ERROR)
    await states.ask(piece_id)

    await kept.media.note(old.id, Status.PROCESSING, again=1)
    assert (await states.medium(piece_id, old.id)).status is Status.FAILED

    await kept.media.note(old.id, Status.SUCCEEDED)
    assert (await states.medium(piece_id, old.id)).status is Status.SUCCEEDED


async def test_one_that_was_lost_is_made_by_another_job(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media, job = await states.ask(piece_id), new_id()
    await kept.media.note(media.id, Status.FAILED, ERROR)

    assert await kept.media.begin_anew(media.id, job)

    portrait, medium = (await states.piece(piece_id)).portrait, await states.medium(piece_id, media.id)
    assert (portrait.status, portrait.job, portrait.error) == (Status.QUEUED, job, None)
    assert (medium.status, medium.job, medium.error) == (Status.QUEUED, job, None)


async def test_of_two_who_find_one_lost_one_has_it_made_anew(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media, job = await states.ask(piece_id), new_id()
    (first,), (second,) = [await kept.media.waiting(limit=10, again=0) for _ in range(2)]

    assert await kept.media.begin_anew(media.id, job, found=first)
    assert not await kept.media.begin_anew(media.id, new_id(), found=second)
    await kept.media.note(media.id, Status.FAILED, ERROR, found=second)

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.job, portrait.error) == (Status.QUEUED, job, None)
    assert await kept.media.waiting(limit=10, again=0), "it is still looked at"


async def test_what_was_found_before_it_was_taken_up_is_not_noted_after(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    media = await states.ask(piece_id)
    (found,) = await kept.media.waiting(limit=10, again=60)
    assert await kept.landing.take_up(media.id, BASE64)

    await kept.media.note(media.id, Status.FAILED, ERROR, found=found)

    portrait = (await states.piece(piece_id)).portrait
    assert (portrait.status, portrait.coming) == (Status.SUCCEEDED, media.job)
    (found,) = await kept.media.waiting(limit=10, again=60)
    await kept.media.note(media.id, Status.FAILED, ERROR, found=found)
    assert (await states.piece(piece_id)).portrait.status is Status.FAILED


@pytest.mark.parametrize("newer", [Status.QUEUED, Status.FAILED])
async def test_one_that_was_lost_is_not_made_anew_where_a_newer_one_was_asked_for(
    kept: Kept, states: KeptStates, newer: Status
) -> None:
    _, piece_id = await states.lone()
    old = await states.ask(piece_id)
    await kept.media.note(old.id, Status.SUCCEEDED)
    new = await states.ask(piece_id)
    await kept.media.note(new.id, newer)

    assert not await kept.media.begin_anew(old.id, new_id())

    assert (await states.piece(piece_id)).portrait.job == new.job
    assert (await states.medium(piece_id, old.id)).job == old.job


async def test_one_that_was_lost_is_not_made_anew_while_an_older_one_is_tried_again(
    kept: Kept, states: KeptStates
) -> None:
    _, piece_id = await states.lone()
    old = await states.ask(piece_id)
    await kept.media.note(old.id, Status.FAILED)
    new = await states.ask(piece_id)
    await kept.media.note(new.id, Status.SUCCEEDED)
    await kept.media.note(old.id, Status.PROCESSING)

    assert not await kept.media.begin_anew(new.id, new_id())


async def test_one_that_is_there_or_on_its_way_is_not_made_anew(kept: Kept, states: KeptStates) -> None:
    _, there = await states.lone()
    _, on_its_way = await states.lone()

    for media in (await states.landed(there, "a.png"), await states.taken_up(on_its_way)):
        assert not await kept.media.begin_anew(media.id, new_id())

    assert (await states.piece(there)).portrait.status is Status.SUCCEEDED
    assert (await states.details(on_its_way))["image_portrait_base64"] == BASE64
