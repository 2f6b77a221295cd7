"""`/characters/<id>/image`: the portrait of one character of a world, in the words of a front end of its own."""

import base64
from typing import Any

import httpx
import pytest

from storage.landing import Landed
from storage.records.ids import JobId, new_id, new_job_id
from storage.records.job import ErrorCode, JobError, Status
from tests.server.conftest import OPERATOR_KEY, keyed
from tests.server.support.keeper import BASE64, Keeper, made, sent
from tests.server.support.player import PICTURE
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.pictures import portrait

URL = "/objects/portraits/a.png"


async def character(client: httpx.AsyncClient, **more: str) -> str:
    """A character of a new world."""
    return str((await made(client, sent(**more)))["characters"][0]["id"])


async def asked(client: httpx.AsyncClient, character_id: str) -> dict[str, Any]:
    answer = await client.post(f"/characters/{character_id}/image")
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def status(client: httpx.AsyncClient, character_id: str) -> dict[str, Any]:
    answer = await client.get(f"/characters/{character_id}/image-status")
    assert answer.status_code == 200, answer.text
    content = dict(answer.json())
    assert (content["status"] == "completed") is (content["image_url"] is not None)
    assert (content["status"] in ("pending", "generating")) is ("retry-after" in answer.headers)
    return content


async def test_an_image_is_pending_generating_and_completed_once_it_is_in_the_object_store(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    elf = await character(ann)
    task = (begun := await asked(ann, elf))["task_id"]
    assert begun == {"character_id": elf, "status": "pending", "task_id": task}

    pending = await status(ann, elf)
    await keeper.player.begin(JobId(task))
    await keeper.player.advance(JobId(task), 0.5)
    generating = await status(ann, elf)
    await keeper.player.succeed(JobId(task))
    painted = await status(ann, elf)
    medium = await keeper.medium(elf, task)
    await keeper.kept.media.note(medium, Status.SUCCEEDED, again=0.0)
    noted = await status(ann, elf)
    await keeper.kept.landing.take_up(medium, BASE64)
    taken_up = await status(ann, elf)
    await keeper.land(elf, task, url=URL)

    assert pending == {
        "character_id": elf,
        "status": "pending",
        "task_id": task,
        "image_url": None,
        "metadata": {"progress": 0.0, "stage": None, "expected_at": None},
        "error": None,
    }
    assert (generating["status"], generating["metadata"]["progress"]) == ("generating", 0.5)
    assert [told["status"] for told in (painted, noted, taken_up)] == ["generating"] * 3
    assert await status(ann, elf) == {
        "character_id": elf,
        "status": "completed",
        "task_id": task,
        "image_url": URL,
        "metadata": {"content_type": "image/png", "width": 640, "height": 640, "bytes": len(PICTURE)},
        "error": None,
    }


async def test_a_second_image_is_not_completed_by_the_first(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    elf = await character(ann)
    first = (await asked(ann, elf))["task_id"]
    await keeper.land(elf, first, url=URL)
    second = (await asked(ann, elf))["task_id"]
    assert second != first
    assert (await status(ann, elf))["status"] == "pending"
    await keeper.paint(second)
    await keeper.kept.media.note(await keeper.medium(elf, second), Status.SUCCEEDED, again=0.0)
    assert (await status(ann, elf))["status"] == "generating"
    await keeper.land(elf, second, url="/objects/portraits/a_2.png")
    done = await status(ann, elf)
    assert (done["task_id"], done["image_url"]) == (second, "/objects/portraits/a_2.png")


async def test_one_that_is_being_painted_is_answered_again(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    elf = await character(ann)
    before = await keeper.waiting("portrait")
    first = await asked(ann, elf)
    assert await asked(ann, elf) == first
    assert await keeper.waiting("portrait") == before + 1
    await keeper.player.begin(JobId(first["task_id"]))
    assert await asked(ann, elf) == {**first, "status": "generating"}


async def test_what_failed_or_was_stopped_has_failed_and_says_why_also_when_its_job_is_gone(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    ill, stopped = await character(ann), await character(ann)
    task = JobId((await asked(ann, ill))["task_id"])
    await keeper.player.begin(task)
    await keeper.player.fail(task)
    other = JobId((await asked(ann, stopped))["task_id"])
    await keeper.player.store.cancel(other)

    async def said() -> list[tuple[str, str]]:
        told = [await status(ann, one) for one in (ill, stopped)]
        return [(one["status"], one["error"]) for one in told]

    assert await said() == [("failed", "The painter is ill."), ("failed", "This was stopped.")]
    error = JobError(code=ErrorCode.LOST, message="As the row has it.", retryable=True)
    await keeper.kept.media.note(await keeper.medium(ill, task), Status.FAILED, error)
    await keeper.kept.media.note(await keeper.medium(stopped, other), Status.CANCELED)
    await keeper.player.store.remove(task)
    await keeper.player.store.remove(other)
    assert await said() == [("failed", "As the row has it."), ("failed", "This was stopped.")]


async def test_a_portrait_that_came_with_the_world_is_an_image_like_any_other(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    text = base64.b64encode(portrait(32, 32)).decode()
    elf = await character(ann, image_portrait_base64=text)
    on_its_way = await status(ann, elf)
    medium = await keeper.medium(elf, on_its_way["task_id"])
    assert await keeper.kept.landing.landed(medium, Landed("a.png", URL, "image/png", 32, 32, 99), base64=text)
    done = await status(ann, elf)

    assert on_its_way["status"] == "generating"
    assert (done["task_id"], done["image_url"]) == (on_its_way["task_id"], URL)


async def test_of_a_character_whom_nobody_asked_an_image_there_is_none(ann: httpx.AsyncClient) -> None:
    answer = await ann.get(f"/characters/{await character(ann)}/image-status")
    assert_problem(answer, 404)
    assert answer.json()["detail"] == "No image was asked for this character."


@pytest.mark.parametrize("character_id", [new_id(), new_job_id().upper(), "7", "no id"])
async def test_an_unknown_character_is_404(ann: httpx.AsyncClient, character_id: str) -> None:
    assert_problem(await ann.post(f"/characters/{character_id}/image"), 404)
    assert_problem(await ann.get(f"/characters/{character_id}/image-status"), 404)


async def test_only_the_owner_of_its_world_and_the_operator_have_an_image_painted(
    keeping: Server, ann: httpx.AsyncClient, bert: httpx.AsyncClient, keeper: Keeper
) -> None:
    elf = await character(ann)
    before = await keeper.waiting("portrait")
    assert_problem(await bert.post(f"/characters/{elf}/image"), 403)
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as stranger:
        assert_problem(await stranger.post(f"/characters/{elf}/image"), 403)
    assert await keeper.waiting("portrait") == before
    async with keyed(keeping, OPERATOR_KEY) as operator:
        task = (await asked(operator, elf))["task_id"]
    assert (await status(bert, elf))["task_id"] == task


async def test_without_a_database_there_are_no_characters_and_the_setting_is_named(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.post(f"/characters/{new_id()}/image"),
        await http.get(f"/characters/{new_id()}/image-status"),
    ):
        assert_problem(answer, 503)
        assert "LIMNER_DATABASE_URL" in answer.json()["detail"]
