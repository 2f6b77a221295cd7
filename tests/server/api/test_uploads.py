"""`POST /uploads`: what is taken in, and what is refused with nothing stored."""

import base64
from typing import Any

import httpx
import pytest

from storage.records.ids import JobId, new_id, new_job_id
from storage.records.inputs import UploadInput
from tests.server.conftest import OPERATOR_KEY, keyed
from tests.server.support.keeper import Keeper, made, sent
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.pictures import portrait

BASE64 = base64.b64encode(portrait(32, 32)).decode()
WHOSE = {"world_id": "123", "character_id": "456"}


async def input_of(keeper: Keeper, job_id: str) -> UploadInput:
    stored = await keeper.player.store.get(JobId(job_id))
    assert stored is not None
    return UploadInput.model_validate_json(stored.input)


async def test_a_portrait_or_a_picture_is_taken_in_for_an_application_s_own_world(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    painting = await keeper.player.running()
    by_job = await ann.post("/uploads", json={"portrait": painting, **WHOSE})
    by_base64 = await ann.post("/uploads", json={"image_base64": BASE64, **WHOSE, "metadata": {"page": 1}})

    for answer in (by_job, by_base64):
        assert answer.status_code == 202
        assert (answer.json()["kind"], answer.json()["status"]) == ("upload", "queued")
        assert answer.headers["location"] == f"/jobs/{answer.json()['id']}"
        assert BASE64 not in answer.text
    assert await input_of(keeper, by_job.json()["id"]) == UploadInput(portrait=painting, **WHOSE)
    assert await input_of(keeper, by_base64.json()["id"]) == UploadInput(image_base64=BASE64, **WHOSE)
    assert by_base64.json()["metadata"] == {"page": 1}


@pytest.mark.parametrize("name", ["x", "a" * 64, "-", "_a", "A.b-c_d.9"])
async def test_worlds_and_characters_are_called_as_the_application_calls_them(
    ann: httpx.AsyncClient, name: str
) -> None:
    body = {"image_base64": BASE64, "world_id": name, "character_id": name}
    assert (await ann.post("/uploads", json=body)).status_code == 202


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"image_base64": BASE64}, ["world_id", "character_id"]),
        ({**WHOSE}, ["body"]),
        ({**WHOSE, "portrait": new_job_id(), "image_base64": BASE64}, ["body"]),
        ({**WHOSE, "portrait": "no id"}, ["portrait"]),
        ({**WHOSE, "portrait": new_job_id()}, ["portrait"]),
        ({**WHOSE, "image_base64": "no base64!"}, ["image_base64"]),
        ({**WHOSE, "image_base64": f"data:image/png;base64,{BASE64}"}, ["image_base64"]),
        ({**WHOSE, "image_base64": f"{BASE64[:76]}\n{BASE64[76:]}"}, ["image_base64"]),
        ({**WHOSE, "image_base64": base64.b64encode(b"<html>").decode()}, ["image_base64"]),
        ({**WHOSE, "image_base64": "grün"}, ["image_base64"]),
        ({**WHOSE, "image_base64": BASE64, "more": 1}, ["more"]),
        ({**WHOSE, "image_base64": BASE64, "seed": 1}, ["seed"]),
        *(
            ({"image_base64": BASE64, "world_id": name, "character_id": "1"}, ["world_id"])
            for name in ["", ".", "..", ".a", "a/b", "a b", "ä", "a" * 65, "1\n", 1]
        ),
        ({"image_base64": BASE64, "world_id": "1", "character_id": "../2"}, ["character_id"]),
    ],
)
async def test_bad_input_names_its_fields_and_changes_nothing(
    ann: httpx.AsyncClient, keeper: Keeper, body: dict[str, Any], fields: list[str]
) -> None:
    before = await keeper.waiting("upload")
    assert_problem(await ann.post("/uploads", json=body), 422, fields=fields)
    assert await keeper.waiting("upload") == before


async def test_a_picture_of_100_megapixels_is_refused_by_its_head(ann: httpx.AsyncClient) -> None:
    data = portrait(32, 32)
    bomb = base64.b64encode(data[:16] + (10_000).to_bytes(4) * 2 + data[24:]).decode()
    answer = await ann.post("/uploads", json={**WHOSE, "image_base64": bomb})
    assert_problem(answer, 422, fields=["image_base64"])
    assert "10000×10000" in answer.json()["detail"]


async def test_what_is_no_portrait_or_is_gone_is_refused(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    gone = (await keeper.player.finished()).id
    await keeper.player.store.remove(JobId(gone))
    for job_id in (await keeper.player.submit(kind="characters"), gone):
        assert_problem(await ann.post("/uploads", json={**WHOSE, "portrait": job_id}), 422, fields=["portrait"])


async def test_a_picture_of_some_megabytes_is_taken_and_one_beyond_the_limit_is_413(ann: httpx.AsyncClient) -> None:
    large = base64.b64encode(portrait(32, 32) + bytes(3_000_000)).decode()
    assert (await ann.post("/uploads", json={**WHOSE, "image_base64": large})).status_code == 202
    assert_problem(await ann.post("/uploads", json={**WHOSE, "image_base64": "A" * 17_000_000}), 413)


async def test_the_same_submission_again_is_the_same_job(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    painted = (await keeper.player.finished()).id
    body = {"id": new_job_id(), "portrait": painted, **WHOSE}
    first = await ann.post("/uploads", json=body)
    await keeper.player.store.remove(JobId(painted))
    again = await ann.post("/uploads", json=body)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert_problem(await ann.post("/uploads", json={**body, "world_id": "9"}), 409, fields=["id"])


async def test_into_a_world_that_is_kept_here_only_its_owner_puts_pictures(
    keeping: Server, ann: httpx.AsyncClient, bert: httpx.AsyncClient, keeper: Keeper
) -> None:
    world = (await made(ann, sent()))["world_id"]
    body = {"image_base64": BASE64, "world_id": world, "character_id": "456"}
    before = await keeper.waiting("upload")
    assert_problem(await bert.post("/uploads", json=body), 403)
    assert_problem(await bert.post("/uploads", json={**body, "world_id": world.upper()}), 403)
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as stranger:
        assert_problem(await stranger.post("/uploads", json=body), 403)
    assert await keeper.waiting("upload") == before
    async with keyed(keeping, OPERATOR_KEY) as operator:
        assert (await operator.post("/uploads", json=body)).status_code == 202
    assert (await ann.post("/uploads", json=body)).status_code == 202
    assert (await bert.post("/uploads", json={**body, "world_id": new_id()})).status_code == 202


async def test_a_picture_for_a_world_that_is_kept_here_goes_the_way_of_that_world(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    world = (await made(ann, sent()))["world_id"]
    body = {"image_base64": BASE64, "world_id": world.upper(), "character_id": "456"}

    taken = await ann.post("/uploads", json=body)

    input = await input_of(keeper, taken.json()["id"])
    assert (input.world_id, input.ours) == (world, True)


async def test_without_an_object_store_nothing_is_taken_and_the_setting_is_named(
    http: httpx.AsyncClient, player: Player
) -> None:
    answer = await http.post("/uploads", json={"portrait": await player.submit(), **WHOSE})
    assert_problem(answer, 503)
    assert "LIMNER_OBJECTS_DIR" in answer.json()["detail"]
