"""Asking for portraits and videos from the board: what is missing, and one more."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from storage.records.ids import JobId
from storage.records.inputs import PortraitInput, VideoInput
from tests.server.support.keeper import STATS, Keeper, jobs_in, keeper_over, made, sent
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

WHOLE = sent(traits=["quiet"], stats=STATS, backstory="Long ago.", appearance="Grey eyes.")


async def input_of(keeper: Keeper, job: str) -> bytes:
    stored = await keeper.player.store.get(JobId(job))
    assert stored is not None
    return stored.input


async def test_of_seven_characters_with_five_portraits_two_are_painted(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    five = await keeper.characters(5)
    await keeper.paint(five[0]["portrait"])
    await keeper.player.begin(JobId(five[1]["portrait"]))
    board = await made(ann, sent("Ada"), *(character["id"] for character in five), sent("Bo"))
    await keeper.paint(five[2]["portrait"])  # is not taken up yet
    medium = await keeper.medium(board["characters"][3]["id"], five[2]["portrait"])
    await keeper.kept.media.note(medium, (await keeper.player.job(JobId(five[2]["portrait"]))).status)
    before = await keeper.waiting("portrait")

    answer = await ann.post(f"/worlds/{board['id']}/generate", json={"kind": "portrait"})

    assert answer.status_code == 202
    missing = [board["characters"][0]["id"], board["characters"][6]["id"]]
    assert [one["character"] for one in answer.json()["jobs"]] == missing
    assert answer.json()["left"] == []
    assert await keeper.waiting("portrait") == before + 2
    now = (await ann.get(f"/worlds/{board['id']}")).json()
    assert jobs_in(now, "portrait")[1:6] == [character["portrait"] for character in five]
    asked = [one["job"] for one in answer.json()["jobs"]]
    assert [jobs_in(now, "portrait")[place] for place in (0, 6)] == asked
    assert [now["characters"][place]["portrait"]["status"] for place in (0, 6)] == ["queued", "queued"]
    job = await keeper.player.store.get(JobId(asked[0]))
    assert job is not None
    assert job.owner == "key:anna"


async def test_asking_twice_at_once_makes_one_job_each(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    board = await made(ann, sent(), sent(), sent())
    before = await keeper.waiting("portrait")
    generate = f"/worlds/{board['id']}/generate"
    answers = await asyncio.gather(*(ann.post(generate, json={"kind": "portrait"}) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [202] * 4
    asked = [one["character"] for answer in answers for one in answer.json()["jobs"]]
    assert sorted(asked) == sorted(character["id"] for character in board["characters"])
    assert await keeper.waiting("portrait") == before + 3


async def test_one_that_failed_is_painted_again_when_the_missing_are_asked_for(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    (character,) = await keeper.characters()
    await keeper.player.begin(JobId(character["portrait"]))
    await keeper.player.fail(JobId(character["portrait"]))
    board = await made(ann, character["id"])
    (asked,) = (await ann.post(f"/worlds/{board['id']}/generate", json={"kind": "portrait"})).json()["jobs"]
    portrait = (await ann.get(f"/worlds/{board['id']}")).json()["characters"][0]["portrait"]
    assert (portrait["job"], portrait["status"], portrait["error"]) == (asked["job"], "queued", None)
    assert asked["job"] != character["portrait"]


async def test_a_board_asks_by_itself_once(ann: httpx.AsyncClient) -> None:
    board = await made(ann, sent())
    generate = f"/worlds/{board['id']}/generate"
    assert board["generate_on_opening"] == ["portrait", "video"]
    first = await ann.post(generate, json={"kind": "portrait", "once": True})
    assert len(first.json()["jobs"]) == 1
    assert (await ann.get(f"/worlds/{board['id']}")).json()["generate_on_opening"] == ["video"]
    (job,) = first.json()["jobs"]
    assert (await ann.post(f"/jobs/{job['job']}/cancel")).status_code == 200
    again = await ann.post(generate, json={"kind": "portrait", "once": True})
    assert (again.status_code, again.json()) == (202, {"jobs": [], "left": []})


async def test_a_portrait_is_painted_of_the_character_as_it_is_or_of_what_is_said_instead(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    board = await made(ann, WHOLE, sent("Bo", traits=["loud"]))
    whole, partly = (f"/worlds/{board['id']}/characters/{character['id']}" for character in board["characters"])
    await ann.patch(whole, json={"name": "Ada"})

    answer = await ann.post(f"{whole}/portrait", json={"seed": 7})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    assert (job["kind"], job["status"], job["metadata"]) == ("portrait", "queued", {"name": "Ada"})
    wanted = PortraitInput.model_validate_json(await input_of(keeper, job["id"]))
    assert (wanted.description, wanted.seed) == ("Ada, elf ranger. Grey eyes.", 7)
    assert wanted.character is not None

    second = await ann.post(f"{partly}/portrait", json={})
    wanted = PortraitInput.model_validate_json(await input_of(keeper, second.json()["id"]))
    assert (wanted.description, wanted.character) == ("Bo, elf ranger. loud", None)

    await keeper.kept.media.withdraw(await keeper.medium(board["characters"][0]["id"], job["id"]))
    third = await ann.post(f"{whole}/portrait", json={"description": " In <red>. "})
    wanted = PortraitInput.model_validate_json(await input_of(keeper, third.json()["id"]))
    assert (wanted.description, wanted.character) == ("In <red>.", None)


async def test_who_asks_for_one_more_while_one_is_painted_gets_that_one(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    board = await made(ann, sent())
    portrait = f"/worlds/{board['id']}/characters/{board['characters'][0]['id']}/portrait"
    answers = await asyncio.gather(*(ann.post(portrait, json={"seed": seed}) for seed in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert {answer.json()["kind"] for answer in answers} == {"portrait"}


async def test_the_old_picture_stays_until_the_new_one_is_there(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    (character,) = await keeper.characters()
    await keeper.paint(character["portrait"])
    board = await made(ann, character["id"])
    piece = board["characters"][0]["id"]
    await keeper.land(piece, character["portrait"], url="/objects/1.png")

    job = (await ann.post(f"/worlds/{board['id']}/characters/{piece}/portrait", json={})).json()["id"]

    portrait = (await ann.get(f"/worlds/{board['id']}")).json()["characters"][0]["portrait"]
    assert (portrait["url"], portrait["kept"], portrait["status"], portrait["job"]) == (
        "/objects/1.png",
        True,
        "queued",
        job,
    )
    assert (await ann.post(f"/worlds/{board['id']}/generate", json={"kind": "portrait"})).json()["jobs"] == []


async def test_a_video_is_made_of_the_portrait_wherever_that_is(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    landed, coming, painting = await keeper.characters(3)
    for character in (landed, coming):
        await keeper.paint(character["portrait"])
    await keeper.player.begin(JobId(painting["portrait"]))
    board = await made(ann, landed["id"], coming["id"], painting["id"], sent("Nobody"))
    pieces = [character["id"] for character in board["characters"]]
    await keeper.land(pieces[0], landed["portrait"], url="/objects/portraits/v.png")

    told = (await ann.post(f"/worlds/{board['id']}/generate", json={"kind": "video"})).json()

    assert [one["character"] for one in told["jobs"]] == pieces[:3]
    assert told["left"] == [
        {"character": pieces[3], "reason": "It has no portrait that could be set in motion, and none is being made."}
    ]
    wanted = [VideoInput.model_validate_json(await input_of(keeper, one["job"])) for one in told["jobs"]]
    assert [one.object_key for one in wanted] == ["portraits/v.png", None, None]
    assert [one.portrait for one in wanted] == [None, coming["portrait"], painting["portrait"]]
    assert [(one.world_id, one.character_id, one.lore_piece) for one in wanted] == [
        (board["id"], piece, piece) for piece in pieces[:3]
    ]
    one_more = f"/worlds/{board['id']}/characters/{{}}/video"
    assert_problem(await ann.post(one_more.format(pieces[3]), json={}), 409)
    running = await ann.post(one_more.format(pieces[0]), json={"seed": 3})
    assert (running.status_code, running.json()["id"]) == (200, told["jobs"][0]["job"])


async def test_what_asks_for_nothing_that_could_be_made_is_refused(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    board = await made(ann, sent())
    world, piece = f"/worlds/{board['id']}", board["characters"][0]["id"]
    before = await keeper.count("media")
    cases: list[tuple[str, Any]] = [
        ("generate", {}),
        ("generate", {"kind": "photo"}),
        ("generate", {"kind": "portrait", "once": 1}),
        (f"characters/{piece}/portrait", {"seed": -1}),
        (f"characters/{piece}/portrait", {"description": " "}),
        (f"characters/{piece}/portrait", {"description": "x" * 2_001}),
        (f"characters/{piece}/portrait", {"description": "a\0"}),
        (f"characters/{piece}/video", {"description": "a"}),
        (f"characters/{piece}/video", {"seed": 2**32}),
    ]
    for path, body in cases:
        assert (await ann.post(f"{world}/{path}", json=body)).status_code == 422, (path, body)
    assert await keeper.count("media") == before


@pytest.fixture
async def own_keeper(redis: Redis, prefix: str, database_url: str) -> AsyncIterator[Keeper]:
    """Plays worker and sweep behind a server of the test's own."""
    async with keeper_over(redis, prefix, database_url) as keeper:
        yield keeper


async def test_a_limit_that_is_reached_leaves_the_character_as_it_was(
    start: Callable[..., Server], own_keeper: Keeper, database_url: str, tmp_path: Path
) -> None:
    server = start(database_url=database_url, objects_dir=tmp_path, daily_pictures=2)
    async with httpx.AsyncClient(base_url=server.url, verify=False) as browser:
        board = await made(browser, sent("Ada"), sent("Bo"), sent("Cy"))
        world, (ada, bo, cy) = f"/worlds/{board['id']}", [character["id"] for character in board["characters"]]

        told = (await browser.post(f"{world}/generate", json={"kind": "portrait"})).json()

        assert [one["character"] for one in told["jobs"]] == [ada, bo]
        (left,) = told["left"]
        assert left["character"] == cy
        assert "2 pictures a day" in left["reason"]
        assert_problem(
            await browser.post(f"{world}/characters/{cy}/portrait", json={}), 429, type="urn:limner:limit:pictures"
        )
        assert_problem(
            await browser.post(f"{world}/generate", json={"kind": "portrait"}), 429, type="urn:limner:limit:pictures"
        )
        assert await own_keeper.count("media") == 2
        portrait = (await browser.get(world)).json()["characters"][2]["portrait"]
        assert (portrait["status"], portrait["job"]) == ("missing", None)


async def test_a_job_that_could_not_be_submitted_is_told_as_one_that_waits(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    board = await made(ann, sent())
    piece = board["characters"][0]["id"]
    job = (await ann.post(f"/worlds/{board['id']}/characters/{piece}/portrait", json={})).json()["id"]
    await keeper.redis.delete(keeper.keys.job(job))

    again = await ann.post(f"/worlds/{board['id']}/characters/{piece}/portrait", json={})

    assert (again.status_code, again.json()["id"], again.json()["status"]) == (200, job, "queued")
    assert json.loads((await ann.get(f"/worlds/{board['id']}")).text)["characters"][0]["portrait"]["job"] == job


async def test_ids_are_lower_case_in_what_is_answered(ann: httpx.AsyncClient) -> None:
    board = await made(ann, sent())
    upper = f"/worlds/{board['id'].upper()}/characters/{board['characters'][0]['id'].upper()}"
    (one,) = (await ann.get(f"/worlds/{board['id'].upper()}")).json()["characters"]
    assert one["id"] == board["characters"][0]["id"]
    assert (await ann.get(f"{upper}/media")).json() == {"media": []}
