"""`POST /worlds`: what is refused, with a reason and nothing stored."""

import base64
import struct
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from storage.records.ids import JobId, new_id
from tests.server.support.keeper import Keeper, sent
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.pictures import portrait


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


BOMB = portrait()[:16] + struct.pack(">II", 10_000, 10_000) + portrait()[24:]
ID = new_id()


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["name", "characters"]),
    ({"name": "", "characters": [sent()]}, ["name"]),
    ({"name": " \n ", "characters": [sent()]}, ["name"]),
    ({"name": "x" * 201, "characters": [sent()]}, ["name"]),
    ({"name": "x" * 10_000, "characters": [sent()]}, ["name"]),
    ({"name": "a\0b", "characters": [sent()]}, ["name"]),
    ({"name": 7, "characters": [sent()]}, ["name"]),
    ({"name": "a", "characters": []}, ["characters"]),
    ({"name": "a", "characters": [sent()] * 101}, ["characters"]),
    ({"name": "a", "characters": {"0": sent()}}, ["characters"]),
    ({"name": "a", "characters": [sent()], "owner": "me"}, ["owner"]),
    ({"name": "a", "characters": [sent(), 7, None, "x", []]}, [f"characters.{place}" for place in (1, 2, 3, 4)]),
    ({"name": "a", "characters": [ID, ID]}, ["characters.1"]),
    ({"name": "a", "characters": [sent(id=ID), ID.upper()]}, ["characters.1"]),
    ({"name": "a", "characters": [{"name": "b"}]}, ["characters.0.race", "characters.0.class"]),
    ({"name": "a", "characters": [sent(), sent("x" * 81)]}, ["characters.1.name"]),
    ({"name": "a", "characters": [sent(traits=["x"] * 9)]}, ["characters.0.traits"]),
    ({"name": "a", "characters": [sent(traits=["a\0"])]}, ["characters.0.traits.0"]),
    ({"name": "a", "characters": [sent(stats={"luck": 10**12})]}, ["characters.0.stats.luck"]),
    ({"name": "a", "characters": [sent(stats={str(n): n for n in range(33)})]}, ["characters.0.stats"]),
    ({"name": "a", "characters": [sent(backstory="x" * 2_001)]}, ["characters.0.backstory"]),
    ({"name": "a", "characters": [sent(portrait="x")]}, ["characters.0.portrait"]),
    ({"name": "a", "characters": [sent(details={})]}, ["characters.0.details"]),
]


async def test_what_makes_no_world_is_refused_by_field(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    before = await keeper.count("worlds")
    for body, fields in REFUSED:
        assert_problem(await ann.post("/worlds", json=body), 422, fields=fields)
    assert await keeper.count("worlds") == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        coded(portrait())[:-1],
        coded(portrait()) + "\n",
        "data:image/png;base64," + coded(portrait()),
        coded(b"GIF89a" + bytes(100)),
        coded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        coded(BOMB),
    ],
    ids=["nothing", "letters", "cut", "line", "data URI", "GIF", "SVG", "bomb"],
)
async def test_base64_that_is_no_picture_to_keep_is_refused(ann: httpx.AsyncClient, keeper: Keeper, text: str) -> None:
    before = await keeper.count("worlds")
    body = {"name": "a", "characters": [sent(), sent(image_portrait_base64=text)]}
    assert_problem(await ann.post("/worlds", json=body), 422, fields=["characters.1.image_portrait_base64"])
    assert await keeper.count("worlds") == before


async def test_characters_that_nobody_knows_are_named_all_of_them(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    known, gone = await keeper.characters(), await keeper.characters()
    set_id = (await keeper.index.jobs_of([gone[0]["id"]]))[0]
    assert set_id is not None
    await keeper.player.store.remove(set_id)
    before = await keeper.count("worlds")

    body = {"name": "a", "characters": [known[0]["id"], new_id(), gone[0]["id"]]}
    answer = await ann.post("/worlds", json=body)

    assert_problem(answer, 422, fields=["characters.1", "characters.2"])
    assert [error["message"] for error in answer.json()["errors"]] == [
        "there is no such character",
        "this character is no longer kept",
    ]
    assert await keeper.count("worlds") == before


async def test_whatever_is_wrong_with_them_every_character_at_fault_is_named(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    characters = [new_id(), sent(portrait=new_id()), sent(), sent(image_portrait_base64=coded(b"no picture")), new_id()]

    answer = await ann.post("/worlds", json={"name": "a", "characters": characters})

    named = ["characters.0", "characters.1.portrait", "characters.3.image_portrait_base64", "characters.4"]
    assert_problem(answer, 422, fields=named)


async def test_a_portrait_that_is_none_is_refused(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    other_kind: JobId = await keeper.player.submit(kind="characters")
    body = {"name": "a", "characters": [sent(portrait=new_id()), sent(portrait=other_kind)]}
    answer = await ann.post("/worlds", json=body)
    assert_problem(answer, 422, fields=["characters.0.portrait", "characters.1.portrait"])


async def test_a_body_that_is_too_large_is_refused(ann: httpx.AsyncClient) -> None:
    body = {"name": "a", "characters": [sent(image_portrait_base64="A" * 17_000_000)]}
    assert_problem(await ann.post("/worlds", json=body), 413)


async def test_a_server_without_a_database_says_which_setting_is_missing(http: httpx.AsyncClient) -> None:
    for method, path in [("POST", "/worlds"), ("GET", "/worlds"), ("GET", f"/worlds/{new_id()}")]:
        answer = await http.request(method, path, json={} if method == "POST" else None)
        assert_problem(answer, 503)
        assert "LIMNER_DATABASE_URL" in answer.json()["detail"]


async def test_nothing_is_taken_from_who_needs_a_key(
    start: Callable[..., Server], kept_url: str, tmp_path: Any
) -> None:
    server = start(
        database_url=kept_url, objects_dir=tmp_path, host="0.0.0.0", api_keys="ann=key", public_url="http://a.example"
    )
    async with httpx.AsyncClient(base_url=server.url, verify=False) as stranger:
        assert_problem(await stranger.post("/worlds", json={"name": "a", "characters": [sent()]}), 401)
