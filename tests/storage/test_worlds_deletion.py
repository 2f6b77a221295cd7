"""Deleting worlds: everything of them goes from Postgres, and what is left elsewhere is noted."""

import asyncio
from dataclasses import replace

import pytest

from storage.errors import PieceUnknown
from storage.kept import Kept
from storage.media import insert_medium
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import WorldId
from tests.support.kept_states import BASE64, OWNER, KeptStates, asked, character, landing, landing_video, ready

pytestmark = pytest.mark.timeout(30)


async def jobs_of_removal(states: KeptStates, world_id: WorldId) -> set[str]:
    (row,) = await states.rows("select jobs from removals where world_id = $1", world_id)
    return {str(job) for job in row["jobs"]}


async def test_a_deleted_world_is_gone_with_everything_of_it(kept: Kept, states: KeptStates) -> None:
    piece = ready()
    world_id = await kept.worlds.create(WorldId(new_id()), OWNER, "Old Town", [piece], digests=["k"], fingerprint="x")
    await states.ask(piece.id, "video")
    other = await states.world(ready())

    assert await kept.worlds.delete(world_id)

    assert await kept.worlds.board(world_id) is None
    assert await kept.lore_pieces.world_of(piece.id) is None
    assert await kept.media.history(piece.id) == []
    assert await states.count("world_keys") == 0
    assert await kept.worlds.board(other) is not None
    assert (await states.count("lore_pieces"), await states.count("media")) == (1, 1)
    assert await states.rows("select 1 from lore_pieces where details::text like '%' || $1 || '%'", BASE64) != []


async def test_a_world_is_deleted_once(kept: Kept, states: KeptStates) -> None:
    world_id = await states.world(ready())

    answers = await asyncio.gather(*(kept.worlds.delete(world_id) for _ in range(10)))

    assert sorted(answers) == [False] * 9 + [True]
    assert await states.count("removals") == 1
    assert not await kept.worlds.delete(WorldId(new_id()))
    assert await states.count("removals") == 1


async def test_the_jobs_of_everything_that_was_asked_for_are_to_be_removed(kept: Kept, states: KeptStates) -> None:
    portrait = asked(status=Status.FAILED)
    piece, other = character(portrait=portrait), character()
    world_id = await states.world(piece, other)
    again = await states.ask(piece.id)
    video = await states.ask(other.id, "video")

    await kept.worlds.delete(world_id)

    every = [portrait, again, video]
    assert await jobs_of_removal(states, world_id) == {job for media in every for job in (media.job, media.upload)}


async def test_what_is_asked_for_while_the_world_is_deleted_is_removed_too(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()
    media = asked()
    async with kept.database.transaction() as connection:
        await connection.execute("select 1 from lore_pieces where id = $1 for update", piece_id)
        await insert_medium(connection, piece_id, media)
        deleting = asyncio.create_task(kept.worlds.delete(world_id))
        await states.until_one_waits()
    assert await deleting

    assert await jobs_of_removal(states, world_id) == {media.job, media.upload}


async def test_a_portrait_that_another_world_shows_too_keeps_its_job(kept: Kept, states: KeptStates) -> None:
    shared, own = asked(), asked()
    elsewhere = replace(shared, id=asked().id, upload=new_id())
    world_id = await states.world(character(portrait=shared), character(portrait=own))
    other = await states.world(character(portrait=elsewhere))

    await kept.worlds.delete(world_id)
    assert await jobs_of_removal(states, world_id) == {shared.upload, own.job, own.upload}

    await kept.worlds.delete(other)
    assert await jobs_of_removal(states, other) == {shared.job, elsewhere.upload}


async def test_a_job_that_two_characters_of_the_world_share_is_removed(kept: Kept, states: KeptStates) -> None:
    shared = asked()
    world_id = await states.world(
        character(portrait=shared), character(portrait=replace(shared, id=asked().id, upload=shared.upload))
    )

    await kept.worlds.delete(world_id)

    assert await jobs_of_removal(states, world_id) == {shared.job, shared.upload}


async def test_what_still_happens_to_a_deleted_world_is_nothing_and_no_error(kept: Kept, states: KeptStates) -> None:
    piece = ready()
    world_id = await states.world(piece)
    (portrait,) = await kept.media.history(piece.id)
    video = await states.ask(piece.id, "video")
    await kept.worlds.delete(world_id)

    await kept.media.note(portrait.id, Status.PROCESSING, again=1)
    await kept.media.look_again(portrait.id, seconds=1)
    await kept.landing.upload_with(portrait.id, new_id())
    await kept.media.withdraw(portrait.id)
    await kept.landing.shown(video.id, landing_video())
    assert not await kept.media.begin_anew(portrait.id, new_id())
    assert not await kept.landing.take_up(portrait.id, BASE64)
    assert await kept.landing.taken_up(portrait.id) is None
    assert not await kept.landing.landed(portrait.id, landing(), base64=BASE64)
    assert await kept.media.picture_of(piece.id, portrait.job) is None
    with pytest.raises(PieceUnknown):
        await states.ask(piece.id)
    assert not await kept.lore_pieces.choose(world_id, piece.id, portrait.id)
    assert not await kept.lore_pieces.edit(world_id, piece.id, name="Eve", backstory=None)
    assert await kept.lore_pieces.image(world_id, piece.id) is None
    for table in ("worlds", "lore_pieces", "media"):
        assert await states.count(table) == 0
