"""Characters of worlds: looked at, edited, and which of their pictures is shown."""

import pytest

from storage.errors import MediumNotThere, PictureComing
from storage.kept import Kept
from storage.lore_pieces import Image
from storage.records.ids import new_id
from storage.records.world import MediumId, PieceId, WorldId
from tests.support.kept_states import BASE64, KeptStates, character, landing, landing_video, ready

pytestmark = pytest.mark.timeout(30)


async def test_a_character_is_looked_at_in_its_world_only(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()
    other = await states.world()

    piece = await kept.lore_pieces.look(world_id, piece_id)

    assert piece is not None
    assert (piece.id, piece.world_id, piece.name) == (piece_id, world_id, "Ann")
    assert await kept.lore_pieces.look(other, piece_id) is None
    assert await kept.lore_pieces.look(world_id, PieceId(new_id())) is None
    assert await kept.lore_pieces.world_of(piece_id) == world_id
    assert await kept.lore_pieces.world_of(PieceId(new_id())) is None


async def test_a_character_looks_the_same_alone_as_on_the_board(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone(ready())
    await states.ask(piece_id, "video")

    board = await kept.worlds.board(world_id)

    assert board is not None
    assert [await states.piece(piece_id)] == board.pieces


@pytest.mark.parametrize(
    ("name", "backstory", "expected"),
    [
        ("Eve", None, ("Eve", "Born at sea.")),
        (None, "Raised by wolves.", ("Ann", "Raised by wolves.")),
        ("Eve", "", ("Eve", "")),
        (None, None, ("Ann", "Born at sea.")),
    ],
)
async def test_only_what_is_given_is_edited(
    kept: Kept, states: KeptStates, name: str | None, backstory: str | None, expected: tuple[str, str]
) -> None:
    world_id, piece_id = await states.lone(character(backstory="Born at sea.", traits=["tall"]))

    assert await kept.lore_pieces.edit(world_id, piece_id, name=name, backstory=backstory)

    piece = await states.piece(piece_id)
    assert (piece.name, piece.details["backstory"]) == expected
    assert piece.details["traits"] == ["tall"]


async def test_an_edit_leaves_the_picture_and_every_other_character_alone(kept: Kept, states: KeptStates) -> None:
    mine, other = ready(), ready()
    world_id = await states.world(mine, other)

    await kept.lore_pieces.edit(world_id, mine.id, name="Eve", backstory="<b>Born</b> at 'sea'")

    assert (await states.details(mine.id))["image_portrait_base64"] == BASE64
    assert (await states.piece(mine.id)).details["backstory"] == "<b>Born</b> at 'sea'"
    assert (await states.piece(other.id)).name == "Ann"
    assert not await kept.lore_pieces.edit(WorldId(new_id()), mine.id, name="Nobody", backstory=None)
    assert (await states.piece(mine.id)).name == "Eve"


async def test_the_image_is_its_base64_while_it_is_on_its_way_and_then_its_address(
    kept: Kept, states: KeptStates
) -> None:
    world_id, piece_id = await states.lone()
    assert await kept.lore_pieces.image(world_id, piece_id) == Image(None, None)

    await states.landed(piece_id, "first.png")
    assert await kept.lore_pieces.image(world_id, piece_id) == Image(None, "https://objects.example/first.png")

    await states.taken_up(piece_id)
    assert await kept.lore_pieces.image(world_id, piece_id) == Image(BASE64, "https://objects.example/first.png")
    assert await kept.lore_pieces.image(WorldId(new_id()), piece_id) is None


async def test_an_older_portrait_is_chosen(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()
    old = await states.landed(piece_id, "old.png")
    new = await states.landed(piece_id, "new.png")

    assert await kept.lore_pieces.choose(world_id, piece_id, old.id)

    piece = await states.piece(piece_id)
    assert piece.portrait.url == "https://objects.example/old.png"
    assert piece.portrait.job == new.job, "what was asked for last is not changed by it"
    assert [(medium.id, medium.chosen) for medium in await kept.media.history(piece_id)] == [
        (new.id, False),
        (old.id, True),
    ]


async def test_an_older_video_is_chosen_with_its_poster_while_a_portrait_is_on_its_way(
    kept: Kept, states: KeptStates
) -> None:
    world_id, piece_id = await states.lone()
    for key in ("old.mp4", "new.mp4"):
        video = await states.ask(piece_id, "video")
        await kept.landing.shown(video.id, landing_video(key))
    await states.taken_up(piece_id)
    new, old = [medium for medium in await kept.media.history(piece_id) if medium.kind == "video"]

    assert await kept.lore_pieces.choose(world_id, piece_id, old.id)

    video_of = (await states.piece(piece_id)).video
    assert (video_of.url, video_of.poster_url) == (old.url, old.poster_url)
    assert old.url != new.url
    assert (await states.details(piece_id))["image_portrait_base64"] == BASE64


async def test_what_came_or_was_chosen_last_hangs(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()
    assert (await states.piece(piece_id)).shown is None
    old = await states.landed(piece_id, "old.png")
    assert (await states.piece(piece_id)).shown == "portrait"
    video = await states.ask(piece_id, "video")
    await kept.landing.shown(video.id, landing_video())
    assert (await states.piece(piece_id)).shown == "video"

    new = await states.ask(piece_id)
    assert (await states.piece(piece_id)).shown == "video", "the new one is not there yet"
    assert await kept.landing.take_up(new.id, BASE64)
    assert (await states.piece(piece_id)).shown == "portrait"
    assert await kept.landing.landed(new.id, landing("new.png"), base64=BASE64)
    assert (await states.piece(piece_id)).shown == "portrait"

    assert await kept.lore_pieces.choose(world_id, piece_id, video.id)
    assert (await states.piece(piece_id)).shown == "video"
    assert await kept.lore_pieces.choose(world_id, piece_id, old.id)
    assert (await states.piece(piece_id)).shown == "portrait"


async def test_what_is_not_in_the_object_store_cannot_be_chosen(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()
    _, elsewhere = await states.lone()
    others = await states.landed(elsewhere, "other.png")
    video = await states.ask(piece_id, "video")
    coming = await states.taken_up(piece_id)

    for medium_id in (coming.id, video.id, others.id, MediumId(new_id())):
        with pytest.raises(MediumNotThere):
            await kept.lore_pieces.choose(world_id, piece_id, medium_id)


async def test_no_portrait_is_chosen_while_another_is_on_its_way(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone()
    old = await states.landed(piece_id, "old.png")
    coming = await states.taken_up(piece_id)

    with pytest.raises(PictureComing):
        await kept.lore_pieces.choose(world_id, piece_id, old.id)

    details = await states.details(piece_id)
    assert (details["portrait"], details["image_portrait_base64"]) == (coming.job, BASE64)


async def test_nothing_is_chosen_for_a_character_of_another_world(kept: Kept, states: KeptStates) -> None:
    _, piece_id = await states.lone()
    other = await states.world()
    old = await states.landed(piece_id, "old.png")
    await states.landed(piece_id, "new.png")

    assert not await kept.lore_pieces.choose(other, piece_id, old.id)

    assert (await states.piece(piece_id)).portrait.url == "https://objects.example/new.png"
