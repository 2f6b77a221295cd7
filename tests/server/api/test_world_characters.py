"""The characters of a world: editing, history, choosing, and the picture on its way."""

import httpx

from storage.records.ids import new_id
from tests.server.support.keeper import Keeper, made, sent
from tests.server.support.player import PICTURE
from tests.server.support.problems import assert_problem


async def painted_board(ann: httpx.AsyncClient, keeper: Keeper) -> tuple[str, str, str]:
    """The addresses of a world and of its only character, whose portrait is ready, and the job that made that."""
    (character,) = await keeper.characters()
    await keeper.paint(character["portrait"])
    board = await made(ann, character["id"])
    piece = board["characters"][0]["id"]
    return f"/worlds/{board['id']}", piece, character["portrait"]


async def test_a_picture_is_shown_while_it_is_on_its_way_and_from_the_object_store_then(
    ann: httpx.AsyncClient, bert: httpx.AsyncClient, keeper: Keeper
) -> None:
    world, piece, job = await painted_board(ann, keeper)
    portrait = (await ann.get(world)).json()["characters"][0]["portrait"]
    assert portrait["url"] == f"{world}/characters/{piece}/image?job={job}"
    assert portrait["kept"] is False
    picture = await bert.get(portrait["url"])
    assert (picture.status_code, picture.content) == (200, PICTURE)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.headers["cache-control"] == "private, no-cache"
    again = await bert.get(portrait["url"], headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    await keeper.land(piece, job, url="/objects/portraits/a.png")

    landed = (await ann.get(world)).json()["characters"][0]["portrait"]
    assert (landed["url"], landed["kept"], landed["status"]) == ("/objects/portraits/a.png", True, "succeeded")
    moved = await bert.get(portrait["url"])
    assert (moved.status_code, moved.headers["location"]) == (307, "/objects/portraits/a.png")


async def test_there_is_no_picture_of_a_character_without_one(ann: httpx.AsyncClient) -> None:
    board = await made(ann, sent())
    assert_problem(await ann.get(f"/worlds/{board['id']}/characters/{board['characters'][0]['id']}/image"), 404)


async def test_name_and_backstory_can_be_edited_each_by_itself(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    world, piece, _ = await painted_board(ann, keeper)
    character = f"{world}/characters/{piece}"
    named = (await ann.patch(character, json={"name": " Ada <b> "})).json()
    assert (named["name"], named["backstory"]) == ("Ada <b>", "She left at dawn.")
    told = (await ann.patch(character, json={"backstory": ""})).json()
    assert (told["name"], told["backstory"]) == ("Ada <b>", "")
    assert told["portrait"]["url"] is not None
    assert (await ann.get(world)).json()["characters"] == [told]
    bad: list[object] = [
        {},
        {"name": ""},
        {"name": "x" * 81},
        {"backstory": "x" * 2_001},
        {"name": "\0"},
        {"race": "a"},
    ]
    for body in bad:
        assert (await ann.patch(character, json=body)).status_code == 422
    assert (await ann.get(world)).json()["characters"] == [told]


async def test_every_portrait_stays_in_the_history_and_one_is_chosen(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    world, piece, first = await painted_board(ann, keeper)
    character = f"{world}/characters/{piece}"
    (only,) = (await ann.get(f"{character}/media")).json()["media"]
    assert only == {
        **{name: only[name] for name in ("id", "created_at")},
        "kind": "portrait",
        "job": first,
        "status": "succeeded",
        "url": f"{character}/image?job={first}",
        **dict.fromkeys(("poster", "content_type", "width", "height", "bytes", "seconds", "error")),
        "chosen": True,
    }
    await keeper.land(piece, first, url="/objects/1.png")
    second = (await ann.post(f"{character}/portrait", json={})).json()["id"]
    await keeper.paint(second)
    await keeper.land(piece, second, url="/objects/2.png")
    media = (await ann.get(f"{character}/media")).json()["media"]
    assert [(one["job"], one["url"], one["chosen"], one["width"]) for one in media] == [
        (second, "/objects/2.png", True, 640),
        (first, "/objects/1.png", False, 640),
    ]

    chosen = await ann.post(f"{character}/choose", json={"media": media[1]["id"]})

    assert (chosen.status_code, chosen.json()["portrait"]["url"]) == (200, "/objects/1.png")
    assert chosen.json()["portrait"]["count"] == 2
    assert [one["chosen"] for one in (await ann.get(f"{character}/media")).json()["media"]] == [False, True]


async def test_what_is_not_there_cannot_be_chosen(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    world, piece, job = await painted_board(ann, keeper)
    choose = f"{world}/characters/{piece}/choose"
    coming = await keeper.medium(piece, job)
    for media in (coming, coming.upper(), new_id(), "none", "../.."):
        assert_problem(await ann.post(choose, json={"media": media}), 409)
    for body in ({}, {"media": None}, {"media": [coming]}):
        assert (await ann.post(choose, json=body)).status_code == 422


async def test_nothing_else_is_chosen_while_a_new_portrait_is_on_its_way(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    world, piece, first = await painted_board(ann, keeper)
    await keeper.land(piece, first)
    second = (await ann.post(f"{world}/characters/{piece}/portrait", json={})).json()["id"]
    await keeper.paint(second)
    await keeper.kept.landing.take_up(await keeper.medium(piece, second), "AAAA")
    earlier = await keeper.medium(piece, first)
    answer = await ann.post(f"{world}/characters/{piece}/choose", json={"media": earlier})
    assert_problem(answer, 409)
    assert "try again" in answer.json()["detail"]
