"""`/worlds`: listing the caller's own, looking at one, renaming and deleting it."""

import httpx
import pytest

from storage.database import COMMAND_SECONDS
from storage.records.ids import new_id
from tests.server.support.keeper import Keeper, made, sent
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_the_library_lists_ones_own_worlds_newest_first_in_pages(keeping: Server, keeper: Keeper) -> None:
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as browser:
        assert (await browser.get("/worlds")).json() == {"worlds": [], "next": None}
        names = [f"World {number}" for number in range(53)]
        for name in names:
            await made(browser, sent(), sent(), name=name)
        first = (await browser.get("/worlds")).json()
        second = (await browser.get("/worlds", params={"before": first["next"]})).json()
        assert [world["name"] for world in first["worlds"] + second["worlds"]] == names[::-1]
        assert (len(first["worlds"]), second["next"]) == (50, None)
        assert second["worlds"][-1] == {
            **{name: second["worlds"][-1][name] for name in ("id", "created_at")},
            "name": "World 0",
            "characters": 2,
            "portraits": 0,
            "videos": 0,
            "cover": None,
        }


async def test_the_library_shows_a_picture_that_is_in_the_object_store(keeping: Server, keeper: Keeper) -> None:
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as browser:
        _, character = await keeper.characters(2)
        await keeper.paint(character["portrait"])
        board = await made(browser, sent(), character["id"])
        await keeper.land(board["characters"][1]["id"], character["portrait"], url="/objects/portraits/cover.png")
        (listed,) = (await browser.get("/worlds")).json()["worlds"]
        assert (listed["portraits"], listed["cover"]) == (1, "/objects/portraits/cover.png")


@pytest.mark.parametrize("before", ["", "x", "1", f"-1-{new_id()}", f"{'9' * 18}-{new_id()}", "1-x"])
async def test_a_cursor_that_is_none_is_refused(ann: httpx.AsyncClient, before: str) -> None:
    assert_problem(await ann.get("/worlds", params={"before": before}), 422, fields=["before"])


async def test_a_farthest_cursor_is_one(ann: httpx.AsyncClient) -> None:
    for microseconds in ("0", "9" * 17):
        assert (await ann.get("/worlds", params={"before": f"{microseconds}-{new_id()}"})).status_code == 200


async def test_who_has_the_id_may_look_and_is_told_that_it_is_not_theirs(
    ann: httpx.AsyncClient, bert: httpx.AsyncClient
) -> None:
    board = await made(ann, sent())
    mine, theirs = await ann.get(f"/worlds/{board['id']}"), await bert.get(f"/worlds/{board['id'].upper()}")
    assert (mine.json()["yours"], mine.json()["generate_on_opening"]) == (True, ["portrait", "video"])
    assert (theirs.json()["yours"], theirs.json()["generate_on_opening"]) == (False, [])
    assert {**theirs.json(), "yours": True, "generate_on_opening": ["portrait", "video"]} == mine.json()
    assert mine.json() == {key: value for key, value in board.items() if key != "world_id"}


async def test_a_board_that_has_not_changed_is_not_sent_again(ann: httpx.AsyncClient) -> None:
    board = await made(ann, sent())
    first = await ann.get(f"/worlds/{board['id']}")
    tag = {"If-None-Match": first.headers["etag"]}
    again = await ann.get(f"/worlds/{board['id']}", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    await ann.patch(f"/worlds/{board['id']}", json={"name": "Another"})
    changed = await ann.get(f"/worlds/{board['id']}", headers=tag)
    assert (changed.status_code, changed.json()["name"]) == (200, "Another")


async def test_a_browser_gets_the_page_and_a_program_the_json(ann: httpx.AsyncClient) -> None:
    board = await made(ann, sent())
    for path, status in {"": 200, f"/{board['id']}": 200, f"/{new_id()}": 404, "/none": 404}.items():
        page = await ann.get(f"/worlds{path}", headers=BROWSER)
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (status, "text/html")
        assert "Accept" in page.headers["vary"].split(", ")
        assert "No world hangs here" in page.text or path == ""
    for path in ("/worlds", f"/worlds/{board['id']}"):
        answer = await ann.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert "Accept" in answer.headers["vary"].split(", ")


async def test_a_page_does_not_wait_for_a_database_that_does_not_answer(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    async with keeper.kept.database.transaction() as connection:
        await connection.execute("lock table worlds in access exclusive mode")
        page = await ann.get(f"/worlds/{new_id()}", headers=BROWSER, timeout=COMMAND_SECONDS / 2)
    assert page.status_code == 200, "nobody knows yet that there is none"


async def test_a_deleted_world_is_gone_with_all_of_it(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    (character,) = await keeper.characters()
    board = await made(ann, character["id"])
    assert (await ann.delete(f"/worlds/{board['id']}")).status_code == 204
    assert_problem(await ann.get(f"/worlds/{board['id']}"), 404)
    assert_problem(await ann.delete(f"/worlds/{board['id']}"), 404)
    piece = board["characters"][0]["id"]
    assert_problem(await ann.get(f"/worlds/{board['id']}/characters/{piece}/image"), 404)
    assert_problem(await ann.get(f"/worlds/{board['id']}/characters/{piece}/media"), 404)
    row = await keeper.kept.database.first("select jobs from removals where world_id = $1", board["id"])
    assert row is not None
    assert character["portrait"] in [str(job) for job in row["jobs"]]


CHANGES: list[tuple[str, str, object]] = [
    ("PATCH", "", {"name": "Theirs"}),
    ("DELETE", "", None),
    ("POST", "/generate", {"kind": "portrait"}),
    ("PATCH", "/characters/{character}", {"name": "Theirs"}),
    ("POST", "/characters/{character}/portrait", {}),
    ("POST", "/characters/{character}/video", {}),
    ("POST", "/characters/{character}/choose", {"media": new_id()}),
]
LOOKS: list[tuple[str, str, object]] = [
    ("GET", "", None),
    ("GET", "/characters/{character}/media", None),
    ("GET", "/characters/{character}/image", None),
]


async def test_what_is_not_yours_is_not_changed(
    ann: httpx.AsyncClient, bert: httpx.AsyncClient, keeping: Server
) -> None:
    board = await made(ann, sent())
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as stranger:
        for method, path, body in CHANGES:
            target = f"/worlds/{board['id']}{path.format(character=board['characters'][0]['id'])}"
            assert_problem(await bert.request(method, target, json=body), 403)
            assert_problem(await stranger.request(method, target, json=body), 403)
    before = {key: value for key, value in board.items() if key != "world_id"}
    assert (await ann.get(f"/worlds/{board['id']}")).json() == before


@pytest.mark.parametrize("world", ["1", "none", "00000000-0000-1000-8000-000000000000", new_id(), "%00"])
async def test_an_id_that_is_no_worlds_is_unknown(ann: httpx.AsyncClient, world: str) -> None:
    for method, path, body in CHANGES + LOOKS:
        assert_problem(await ann.request(method, f"/worlds/{world}{path.format(character=new_id())}", json=body), 404)


async def test_a_character_that_is_not_in_the_world_is_unknown(ann: httpx.AsyncClient) -> None:
    board, other = await made(ann, sent()), await made(ann, sent())
    for method, path, body in CHANGES + LOOKS:
        if "{character}" in path:
            for wrong in ("x", new_id(), other["characters"][0]["id"]):
                target = f"/worlds/{board['id']}{path.format(character=wrong)}"
                assert_problem(await ann.request(method, target, json=body), 404)


async def test_a_name_that_is_none_is_refused(ann: httpx.AsyncClient) -> None:
    board = await made(ann, sent())
    for body in ({}, {"name": ""}, {"name": "x" * 201}, {"name": None}, {"name": "a", "id": "b"}):
        assert (await ann.patch(f"/worlds/{board['id']}", json=body)).status_code == 422
    assert (await ann.get(f"/worlds/{board['id']}")).json()["name"] == board["name"]


async def test_a_session_lasts_a_year_from_the_last_look_at_the_library(keeping: Server) -> None:
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as browser:
        assert "set-cookie" not in (await browser.get("/worlds")).headers
        created = await browser.post("/worlds", json={"name": "Ours", "characters": [sent()]})
        looked = await browser.get("/worlds")

    begun, renewed = created.headers["set-cookie"], looked.headers["set-cookie"]
    assert renewed.partition(";")[0] == begun.partition(";")[0]
    assert "Max-Age=31536000" in renewed


async def test_a_key_is_given_no_session(ann: httpx.AsyncClient) -> None:
    assert "set-cookie" not in (await ann.get("/worlds")).headers
