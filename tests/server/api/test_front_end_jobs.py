"""`/api/characters/…`: portraits and videos for front ends with words of their own."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from server.api.front_end_jobs import job_id_of
from server.api.front_end_words import WORDS
from server.settings import ServerSettings
from storage.records.ids import JobId, new_id, new_job_id, parse_job_id
from storage.records.inputs import PortraitInput, VideoInput
from storage.records.job import Status
from tests.server.conftest import keyed
from tests.server.support.keeper import Keeper
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

PORTRAIT, VIDEO = "/api/characters/portrait", "/api/characters/video"
ELF = {"name": "Mira Thornwick", "race": "elf", "class": "ranger"}


async def status(client: httpx.AsyncClient, name: str, call: str = PORTRAIT) -> dict[str, Any]:
    answer = await client.get(f"{call}/status", params={"jobId": name})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def begun(client: httpx.AsyncClient, keeper: Keeper, name: str, call: str = PORTRAIT, **body: Any) -> JobId:
    """A job that was begun by this name, as everybody else knows it."""
    body = body or {"description": "an elf"}
    answer = await client.post(call, json={"jobId": name, **body})
    assert (answer.status_code, answer.json()) == (200, {"jobId": name, "status": "starting"})
    (newest, *_) = (await client.get("/jobs")).json()["jobs"]
    return JobId(newest["id"])


async def test_a_portrait_is_begun_at_once_and_told_of_in_the_front_end_s_words(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    name = f"portrait of {new_id()}"
    job_id = await begun(ann, keeper, name, description="an elf", seed=5)
    waiting = await status(ann, name)
    await keeper.player.begin(job_id)
    await keeper.player.advance(job_id, 0.5)
    painting = await status(ann, name)
    done = await keeper.player.succeed(job_id)

    assert waiting == {"jobId": name, "status": "starting", "detail": None, "outputUrl": None}
    assert painting == {"jobId": name, "status": "processing", "detail": "painting", "outputUrl": None}
    assert done.result is not None
    assert await status(ann, name) == {
        "jobId": name,
        "status": "succeeded",
        "detail": None,
        "outputUrl": done.result["url"],
    }
    assert (await ann.get(done.result["url"])).headers["content-type"] == "image/png"
    stored = await keeper.player.store.get(job_id)
    assert stored is not None
    assert PortraitInput.model_validate_json(stored.input) == PortraitInput(
        description="an elf", character=None, seed=5
    )


@pytest.mark.parametrize("uuid", [True, False])
async def test_a_call_that_is_repeated_is_the_same_job_however_far_it_is(
    ann: httpx.AsyncClient, keeper: Keeper, uuid: bool
) -> None:
    name = new_id() if uuid else f"twice {new_id()}"
    before = await keeper.waiting("portrait")
    job_id = await begun(ann, keeper, name)
    assert await begun(ann, keeper, name) == job_id
    assert await keeper.waiting("portrait") == before + 1
    await keeper.paint(job_id)
    assert await begun(ann, keeper, name) == job_id
    assert (await status(ann, name))["status"] == "succeeded"
    assert (job_id == name) is uuid


async def test_a_uuid_is_the_job_s_id_itself_so_that_every_other_call_knows_it(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    name = new_id().upper()
    job_id = await begun(ann, keeper, name)
    assert job_id == name.lower()
    assert (await ann.get(f"/jobs/{name}")).json()["status"] == "queued"
    again = await ann.post("/portraits", json={"id": job_id, "description": "an elf"})
    assert (again.status_code, again.json()["id"]) == (200, job_id)


async def test_what_failed_or_was_stopped_has_failed_and_says_why(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    ill, stopped = f"ill {new_id()}", f"stopped {new_id()}"
    job_id = await begun(ann, keeper, ill)
    await keeper.player.begin(job_id)
    await keeper.player.fail(job_id)
    await keeper.player.store.cancel(await begun(ann, keeper, stopped))

    assert await status(ann, ill) == {
        "jobId": ill,
        "status": "failed",
        "detail": "The painter is ill.",
        "outputUrl": None,
    }
    assert (await status(ann, stopped))["detail"] == "This was stopped."


async def test_by_another_name_than_a_uuid_only_its_owner_finds_a_job(
    keeping: Server, ann: httpx.AsyncClient, bert: httpx.AsyncClient, keeper: Keeper
) -> None:
    name = f"secret {new_id()}"
    await begun(ann, keeper, name)
    assert_problem(await bert.get(f"{PORTRAIT}/status", params={"jobId": name}), 404)
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as stranger:
        assert_problem(await stranger.get(f"{PORTRAIT}/status", params={"jobId": name}), 404)
    of_bert = await begun(bert, keeper, name)
    assert of_bert not in [job["id"] for job in (await ann.get("/jobs")).json()["jobs"]]


async def test_a_browser_gets_its_session_with_the_first_call_and_finds_its_jobs_by_it(
    keeping: Server, keeper: Keeper
) -> None:
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as browser:
        job_id = await begun(browser, keeper, "mine")
        assert "limner_session" in browser.cookies
        assert await begun(browser, keeper, "mine") == job_id
        assert (await status(browser, "mine"))["status"] == "starting"


async def test_a_video_is_made_of_a_portrait_by_either_of_its_names(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    its_name = f"portrait {new_id()}"
    portrait = await begun(ann, keeper, its_name)
    by_id = await begun(ann, keeper, f"video {new_id()}", VIDEO, portrait=portrait, seed=7)
    name = f"video {new_id()}"
    by_name = await begun(ann, keeper, name, VIDEO, portraitJobId=its_name, seed=7)

    for job_id in (by_id, by_name):
        stored = await keeper.player.store.get(job_id)
        assert stored is not None
        assert stored.job.kind == "video"
        assert VideoInput.model_validate_json(stored.input) == VideoInput(portrait=portrait, seed=7)
    assert (await status(ann, name, VIDEO))["status"] == "starting"
    assert_problem(await ann.get(f"{PORTRAIT}/status", params={"jobId": name}), 404)
    assert_problem(await ann.get(f"{PORTRAIT}/status", params={"jobId": by_id}), 404)
    await keeper.player.begin(portrait)
    await keeper.player.fail(portrait)
    await keeper.player.store.remove(portrait)
    assert await begun(ann, keeper, name, VIDEO, portraitJobId=its_name, seed=7) is not None


async def test_a_portrait_and_a_video_of_one_name_are_two_jobs(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    name = f"both {new_id()}"
    portrait = await begun(ann, keeper, name)
    video = await begun(ann, keeper, name, VIDEO, portraitJobId=name)
    assert portrait != video


@pytest.mark.parametrize(
    ("call", "body", "fields"),
    [
        (PORTRAIT, {"description": "an elf"}, ["jobId"]),
        (PORTRAIT, {"jobId": "", "description": "an elf"}, ["jobId"]),
        (PORTRAIT, {"jobId": "x" * 201, "description": "an elf"}, ["jobId"]),
        (PORTRAIT, {"jobId": 1, "description": "an elf"}, ["jobId"]),
        (PORTRAIT, {"jobId": "a"}, ["body"]),
        (PORTRAIT, {"jobId": "a", "description": "an elf", "character": ELF}, ["body"]),
        (PORTRAIT, {"jobId": "a", "description": "an elf", "seed": -1}, ["seed"]),
        (PORTRAIT, {"jobId": "a", "description": "an elf", "more": 1}, ["more"]),
        (VIDEO, {"jobId": "a"}, ["body"]),
        (VIDEO, {"jobId": "a", "portrait": new_job_id(), "portraitJobId": "b"}, ["body"]),
        (VIDEO, {"jobId": "a", "portrait": "no id"}, ["portrait"]),
        (VIDEO, {"jobId": "a", "portrait": new_job_id()}, ["portrait"]),
        (VIDEO, {"jobId": "a", "portraitJobId": "never begun"}, ["portraitJobId"]),
    ],
)
async def test_bad_input_names_its_fields(
    ann: httpx.AsyncClient, call: str, body: dict[str, Any], fields: list[str]
) -> None:
    answer = await ann.post(call, json=body)
    assert_problem(answer, 422, fields=fields)


async def test_the_same_name_for_something_else_is_refused(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    for name in (new_id(), f"else {new_id()}"):
        await begun(ann, keeper, name)
        assert_problem(await ann.post(PORTRAIT, json={"jobId": name, "description": "a dwarf"}), 409, fields=["jobId"])


async def test_a_status_wants_a_name_and_tells_unknown_jobs_from_those_no_longer_kept(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    assert_problem(await ann.get(f"{PORTRAIT}/status"), 422, fields=["jobId"])
    assert_problem(await ann.get(f"{PORTRAIT}/status", params={"jobId": "never"}), 404)
    name = f"gone {new_id()}"
    job_id = await begun(ann, keeper, name)
    await keeper.paint(job_id)
    await keeper.player.store.remove(job_id)
    assert_problem(await ann.get(f"{PORTRAIT}/status", params={"jobId": name}), 410)


async def test_without_an_object_store_no_video_is_taken(http: httpx.AsyncClient) -> None:
    answer = await http.post(VIDEO, json={"jobId": "a", "portrait": new_job_id()})
    assert_problem(answer, 503)
    assert "LIMNER_OBJECTS_DIR" in answer.json()["detail"]


async def test_a_program_finds_its_jobs_after_a_restart_also_where_no_secret_is_set(
    start: Callable[..., Server], own_player: Player
) -> None:
    for _ in range(2):
        server = start(secret="", api_keys="anna=key-of-anna")
        async with keyed(server, "key-of-anna") as client:
            answer = await client.post(PORTRAIT, json={"jobId": "mine", "description": "an elf"})
            assert answer.status_code == 200
            assert len((await client.get("/jobs")).json()["jobs"]) == 1


def test_every_status_has_its_words() -> None:
    assert set(WORDS) == set(Status)
    assert {words.job for words in WORDS.values()} == {"starting", "processing", "succeeded", "failed"}
    assert {words.image for words in WORDS.values()} == {"pending", "generating", "completed", "failed"}


def test_the_id_that_is_made_of_a_name_depends_on_owner_kind_name_and_secret() -> None:
    first, other = (ServerSettings.model_validate({"redis_url": "", "secret": text}) for text in ("one", "other"))
    made = [
        job_id_of(first, "portrait", "a", "key:anna"),
        job_id_of(first, "portrait", "a", "key:bert"),
        job_id_of(first, "portrait", "b", "key:anna"),
        job_id_of(first, "video", "a", "key:anna"),
        job_id_of(other, "portrait", "a", "key:anna"),
    ]
    assert len(set(made)) == len(made)
    assert [parse_job_id(job_id) for job_id in made] == made
    assert job_id_of(first, "portrait", "a", "key:anna") == made[0]


def test_without_a_secret_it_depends_on_the_owner_s_own_key_and_on_no_other() -> None:
    def made(keys: str) -> JobId:
        settings = ServerSettings.model_validate({"redis_url": "", "secret": "", "api_keys": keys})
        return job_id_of(settings, "portrait", "a", "key:anna")

    assert made("anna=one") == made("bert=two,anna=one")
    assert made("anna=one") != made("anna=two")
