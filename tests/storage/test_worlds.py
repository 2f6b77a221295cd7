"""Worlds: made whole or not at all, looked at in one query, listed page by page."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from storage.database import Database, Row
from storage.kept import Kept
from storage.lore_pieces import LorePieces
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import ListedWorld, PieceId, WorldId
from storage.worlds import Cursor, Worlds
from tests.support.kept_states import BASE64, ERROR, OWNER, KeptStates, asked, character, landing_video, ready

pytestmark = pytest.mark.timeout(30)


class Counting(Database):
    """Counts what it is asked."""

    asked = 0

    async def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        self.asked += 1
        return await super().fetch(sql, *values)


async def test_a_world_is_kept_with_its_characters_in_their_order(kept: Kept, states: KeptStates) -> None:
    waiting = asked(status=Status.PROCESSING)
    failed = asked(status=Status.FAILED, error=ERROR)
    pieces = [
        character("Ann", portrait=waiting, backstory="Born at sea."),
        ready("Bea"),
        character("Cid", portrait=failed),
        character("Dee"),
    ]

    world_id = await states.world(*pieces, name="Old Town")

    board = await kept.worlds.board(world_id)
    assert board is not None
    assert (board.world.id, board.world.owner, board.world.name) == (world_id, OWNER, "Old Town")
    assert board.world.opened == frozenset()
    assert [(piece.id, piece.name, piece.world_id) for piece in board.pieces] == [
        (piece.id, piece.name, world_id) for piece in pieces
    ]
    ann, bea, cid, dee = board.pieces
    assert ann.details == {"race": "elf", "backstory": "Born at sea."}
    assert (ann.portrait.status, ann.portrait.job, ann.portrait.coming) == (Status.PROCESSING, waiting.job, None)
    assert ann.portrait.being_made
    assert bea.portrait.coming == bea.portrait.job == json.loads(pieces[1].details)["portrait"]
    assert bea.portrait.there
    assert bea.portrait.count == 1
    assert (cid.portrait.status, cid.portrait.error) == (Status.FAILED, ERROR.model_dump(mode="json"))
    assert cid.portrait.missing
    assert (dee.portrait.status, dee.portrait.job, dee.portrait.count) == (None, None, 0)
    assert dee.portrait.missing


async def test_the_picture_itself_is_kept_but_not_on_the_board(kept: Kept, states: KeptStates) -> None:
    piece = ready()
    world_id = await states.world(piece)

    board = await kept.worlds.board(world_id)

    assert (await states.details(piece.id))["image_portrait_base64"] == BASE64
    assert board is not None
    assert "image_portrait_base64" not in board.pieces[0].details


async def test_a_board_is_one_query_however_many_characters_it_has(
    shared_database_url: str, kept: Kept, states: KeptStates
) -> None:
    world_id = await states.world(*(ready(f"Number {number}") for number in range(20)))
    counting = Counting(SecretStr(shared_database_url))
    await counting.open()
    try:
        board = await Worlds(counting).board(world_id)
    finally:
        counting.close()

    assert board is not None
    assert len(board.pieces) == 20
    assert counting.asked == 1


async def test_a_world_without_characters_has_a_board_and_an_unknown_one_has_none(
    kept: Kept, states: KeptStates
) -> None:
    world_id = await states.world()

    board = await kept.worlds.board(world_id)

    assert board is not None
    assert board.pieces == []
    assert await kept.worlds.board(WorldId(new_id())) is None
    assert await kept.worlds.look(WorldId(new_id())) is None
    assert await kept.worlds.look(world_id) == board.world


async def test_a_lore_piece_of_another_kind_is_not_on_the_board(kept: Kept, states: KeptStates) -> None:
    world_id = await states.world(character())
    await kept.database.execute(
        "insert into lore_pieces (id, world_id, kind, position, name, details) "
        "values ($1, $2, 'place', 1, 'Inn', '{}')",
        new_id(),
        world_id,
    )

    board = await kept.worlds.board(world_id)
    (listed,) = (await kept.worlds.owned(OWNER, before=None, limit=1))[0]

    assert board is not None
    assert len(board.pieces) == 1
    assert listed.characters == 1


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_world_one_character_of_which_cannot_be_kept_leaves_nothing(
    kept: Kept, states: KeptStates, place: int
) -> None:
    pieces: list[Any] = [ready(), ready(), ready()]
    pieces[place] = replace(pieces[place], details="{ no JSON")

    with pytest.raises(asyncpg.PostgresError):
        await kept.worlds.create(WorldId(new_id()), OWNER, "Old Town", pieces, digests=["a key"], fingerprint="x")

    for table in ("worlds", "world_keys", "lore_pieces", "media"):
        assert await states.count(table) == 0


async def test_two_worlds_may_share_the_job_of_a_portrait(kept: Kept, states: KeptStates) -> None:
    portrait = asked()

    await states.world(character(portrait=portrait))
    await states.world(character(portrait=replace(portrait, id=asked().id, upload=new_id())))

    assert await states.count("media") == 2


async def all_pages(kept: Kept, limit: int, owner: str = OWNER) -> list[list[ListedWorld]]:
    pages: list[list[ListedWorld]] = []
    before: Cursor | None = None
    while True:
        page, before = await kept.worlds.owned(owner, before=before, limit=limit)
        pages.append(list(page))
        if before is None:
            return pages


@pytest.mark.parametrize(("limit", "sizes"), [(3, [3, 3, 1]), (7, [7]), (1, [1] * 7)])
async def test_pages_have_every_world_once_though_all_were_made_in_one_moment(
    kept: Kept, states: KeptStates, limit: int, sizes: list[int]
) -> None:
    worlds = {await states.world() for _ in range(7)}
    await states.world(owner="session:bob")
    await kept.database.execute("update worlds set created_at = '2026-11-20T12:00:00.123456Z'")

    pages = await all_pages(kept, limit)

    assert [len(page) for page in pages] == sizes
    found = [listed.world.id for page in pages for listed in page]
    assert len(found) == 7
    assert set(found) == worlds


async def test_the_newest_world_comes_first(kept: Kept, states: KeptStates) -> None:
    made = [await states.world() for _ in range(4)]

    pages = await all_pages(kept, 2)

    assert [listed.world.id for page in pages for listed in page] == made[::-1]


async def test_one_who_has_no_worlds_gets_an_empty_page(kept: Kept) -> None:
    assert await kept.worlds.owned(OWNER, before=None, limit=10) == ([], None)


async def test_the_library_counts_what_there_is_and_shows_the_first_picture(kept: Kept, states: KeptStates) -> None:
    first, second, third = character("Ann"), character("Bea"), ready("Cid")
    await states.world(first, second, third)
    await states.landed(PieceId(second.id), "portraits/w/second.png")
    video = await states.ask(PieceId(second.id), "video")
    await kept.landing.shown(video.id, landing_video())

    ((listed,), _) = await kept.worlds.owned(OWNER, before=None, limit=10)

    assert (listed.characters, listed.portraits, listed.videos) == (3, 1, 1)
    assert listed.cover == "https://objects.example/portraits/w/second.png"

    await states.landed(PieceId(first.id), "portraits/w/first.png")
    ((listed,), _) = await kept.worlds.owned(OWNER, before=None, limit=10)
    assert listed.cover == "https://objects.example/portraits/w/first.png"


async def test_a_world_is_renamed_and_an_unknown_one_is_not(kept: Kept, states: KeptStates) -> None:
    world_id, other = await states.world(), await states.world()
    before = await kept.worlds.look(world_id)

    assert await kept.worlds.rename(world_id, "New Town")
    assert not await kept.worlds.rename(WorldId(new_id()), "Nowhere")

    after, untouched = await kept.worlds.look(world_id), await kept.worlds.look(other)
    assert before is not None
    assert after is not None
    assert untouched is not None
    assert (after.name, untouched.name) == ("New Town", "Old Town")
    assert after.created_at == before.created_at
    (row,) = await states.rows("select updated_at > created_at as later from worlds where id = $1", world_id)
    assert row["later"]


async def test_of_many_who_open_a_board_at_once_one_asks_for_what_is_missing(kept: Kept, states: KeptStates) -> None:
    world_id = await states.world()

    opened = await asyncio.gather(*(kept.worlds.open(world_id, "portrait") for _ in range(20)))

    assert sorted(opened) == [False] * 19 + [True]
    assert await kept.worlds.open(world_id, "video")
    assert not await kept.worlds.open(WorldId(new_id()), "portrait")
    world = await kept.worlds.look(world_id)
    assert world is not None
    assert world.opened == {"portrait", "video"}


async def test_repositories_over_the_same_database_see_the_same(database: Database, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()

    assert await LorePieces(database).world_of(piece_id) == world_id
