"""`POST /videos`: what is taken in, and what is refused with nothing stored."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from storage.keys import Keys
from storage.records.ids import JobId, new_job_id
from storage.records.inputs import VideoInput
from tests.server.conftest import lines_of, player_over
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server


@pytest.fixture(scope="module")
def filming_prefix() -> str:
    return f"filming-{secrets.token_hex(4)}:"


@pytest.fixture(scope="module")
def filming(redis_url: str, filming_prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an object store."""
    environment = {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": filming_prefix,
        "LIMNER_LOG_FORMAT": "json",
        "LIMNER_OBJECTS_DIR": str(tmp_path_factory.mktemp("objects")),
    }
    with Server(environment) as server:
        yield server
        assert lines_of(server, "error", "critical") == []


@pytest.fixture
async def client(filming: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=filming.url, timeout=40, verify=False) as client:
        yield client


@pytest.fixture
def worker(redis: Redis, filming_prefix: str) -> Player:
    return player_over(redis, filming_prefix)


async def input_of(worker: Player, job_id: str) -> VideoInput:
    stored = await worker.store.get(JobId(job_id))
    assert stored is not None
    return VideoInput.model_validate_json(stored.input)


async def waiting(redis: Redis, prefix: str) -> int:
    return int(await redis.zcard(Keys(prefix).queue("video")))


async def test_a_video_of_a_finished_portrait_is_accepted(client: httpx.AsyncClient, worker: Player) -> None:
    portrait = await worker.finished()
    answer = await client.post("/videos", json={"portrait": portrait.id, "seed": 7, "metadata": {"page": 1}})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["status"], job["metadata"]) == ("video", "queued", {"page": 1})
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    assert (await client.get(answer.headers["location"])).json() == job
    assert await input_of(worker, job["id"]) == VideoInput(portrait=portrait.id, seed=7)


async def test_one_of_a_portrait_that_is_still_being_painted_or_has_failed_is_accepted_too(
    client: httpx.AsyncClient, worker: Player
) -> None:
    waits, runs, fails = await worker.submit(), await worker.running(), await worker.running()
    await worker.fail(fails)
    for portrait in (waits, runs, fails):
        assert (await client.post("/videos", json={"portrait": portrait})).status_code == 202


async def test_the_portrait_may_be_named_in_capitals(client: httpx.AsyncClient, worker: Player) -> None:
    portrait = await worker.submit()
    answer = await client.post("/videos", json={"portrait": portrait.upper()})
    assert (await input_of(worker, answer.json()["id"])).portrait == portrait


async def test_a_portrait_that_is_none_is_refused_with_nothing_stored(
    client: httpx.AsyncClient, worker: Player, redis: Redis, filming_prefix: str
) -> None:
    before = await waiting(redis, filming_prefix)
    removed = (await worker.finished()).id
    await worker.store.remove(JobId(removed))
    characters = await worker.submit(kind="characters")
    for portrait in ("no id", "", 7, None, new_job_id(), removed, characters):
        assert_problem(await client.post("/videos", json={"portrait": portrait}), 422, fields=["portrait"])
    assert await waiting(redis, filming_prefix) == before


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "portrait"),
        ({"id": "x"}, "id"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"subject": ""}, "subject"),
        ({"subject": "s" * 201}, "subject"),
        ({"priority": "soon"}, "priority"),
        ({"metadata": {"x": "y" * 2_000}}, "metadata"),
        ({"object_key": "portraits/somebody/elses_portrait.png"}, "object_key"),
        ({"world_id": "11111111-1111-4111-8111-111111111111"}, "world_id"),
    ],
)
async def test_what_is_no_submission_is_refused_by_field(
    client: httpx.AsyncClient, worker: Player, sent: dict[str, Any], field: str
) -> None:
    if sent:
        sent = {"portrait": await worker.submit(), **sent}
    assert_problem(await client.post("/videos", json=sent), 422, fields=[field])


async def test_the_same_submission_again_is_the_same_job_whatever_has_become_of_the_portrait(
    client: httpx.AsyncClient, worker: Player
) -> None:
    portrait = await worker.finished()
    body = {"id": new_job_id(), "portrait": portrait.id}
    first = await client.post("/videos", json=body)
    await worker.store.remove(JobId(portrait.id))
    second = await client.post("/videos", json=body)
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json() == first.json()
    other = (await worker.finished()).id
    assert_problem(await client.post("/videos", json={**body, "portrait": other}), 409, fields=["id"])


async def test_a_subject_has_one_active_video_of_an_owner(client: httpx.AsyncClient, worker: Player) -> None:
    body = {"portrait": await worker.submit(), "subject": "mira"}
    first, again = [await client.post("/videos", json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()


async def test_without_an_object_store_none_is_made_and_the_setting_is_named(
    http: httpx.AsyncClient, player: Player
) -> None:
    answer = await http.post("/videos", json={"portrait": await player.submit()})
    assert_problem(answer, 503)
    assert "LIMNER_OBJECTS_DIR" in answer.json()["detail"]


async def test_a_video_is_no_picture_of_the_day_nor_is_one_that_is_tried_again(
    start: Callable[..., Server], own_player: Player, tmp_path: Path
) -> None:
    server = start(objects_dir=tmp_path, daily_pictures=1)
    async with httpx.AsyncClient(base_url=server.url, verify=False) as http:
        portrait = (await http.post("/portraits", json={"description": "an elf"})).json()["id"]
        video = (await http.post("/videos", json={"portrait": portrait})).json()["id"]
        await own_player.begin(video)
        await own_player.fail(video)
        assert (await http.post(f"/jobs/{video}/retry")).status_code == 200
