"""`POST /characters` and `POST /portraits`: what is taken in, and what is refused with nothing stored."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from storage.keys import Keys
from storage.records.ids import JobId, new_job_id
from tests.server.conftest import API_KEY, OTHER_KEY, keyed
from tests.server.support.client import client
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

CHARACTER = {"name": "Mira Thornwick", "race": "elf", "class": "ranger"}


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/characters", {"count": 1}, "characters"),
        ("/characters", {"count": 10, "theme": "x" * 300, "seed": 0, "metadata": {"page": 1}}, "characters"),
        ("/characters", {"count": 3, "theme": None, "seed": 2**32 - 1}, "characters"),
        ("/portraits", {"description": "x" * 2_000}, "portrait"),
        ("/portraits", {"description": "an elf", "size": "256x1280", "format": "webp", "seed": 7}, "portrait"),
        ("/portraits", {"description": "an elf", "provider": "painter", "format": "jpeg"}, "portrait"),
        ("/portraits", {"character": CHARACTER, "subject": "s" * 200}, "portrait"),
    ],
)
async def test_a_submission_is_accepted_with_its_job_and_where_to_find_it(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], kind: str
) -> None:
    answer = await http.post(path, json=body)
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["status"], job["attempt"], job["progress"]) == (kind, "queued", 0, 0.0)
    assert job["metadata"] == body.get("metadata")
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    assert answer.headers["etag"] == f'"{job["version"]}"'
    assert int(answer.headers["retry-after"]) > 0
    assert (await http.get(answer.headers["location"])).json() == job


async def test_at_a_path_of_a_site_location_and_session_are_below_it(start: Callable[..., Server]) -> None:
    server = start(public_url="https://site.example/limner/")
    async with httpx.AsyncClient(base_url=server.url, verify=False) as http:
        answer = await http.post("/characters", json={"count": 1})
    assert answer.headers["location"] == f"/limner/jobs/{answer.json()['id']}"
    assert "; path=/limner/;" in answer.headers["set-cookie"].lower()


async def test_a_portrait_is_painted_by_the_one_who_paints_here_and_counts_against_its_budget(
    start: Callable[..., Server],
) -> None:
    server = start(portrait_provider="replicate", daily_budget="replicate=2")
    async with httpx.AsyncClient(base_url=server.url, verify=False) as http:
        wanted = {"description": "an elf"}
        refused = await http.post("/portraits", json={**wanted, "provider": "painter"})
        assert_problem(refused, 422, fields=["provider"])
        assert (await http.post("/portraits", json={**wanted, "provider": "replicate"})).status_code == 202
        assert (await http.post("/portraits", json=wanted)).status_code == 202
        assert (await http.post("/portraits", json=wanted)).status_code == 429


METADATA = [
    {},
    {"numbers": [0, -1, 1.5, 1e22, 10**30, -0.0], "words": ["«é»", "\u0000", ""], "none": None, "yes": True},
    {"{version}": "{version}", "deep": json.loads("[" * 30 + "]" * 30)},
    {"x": "y" * (1024 - len('{"x": ""}'))},
]


@pytest.mark.parametrize("metadata", METADATA)
async def test_metadata_comes_back_unchanged_at_every_step(
    http: httpx.AsyncClient, player: Player, metadata: Any
) -> None:
    answer = await http.post("/portraits", json={"description": "an elf", "metadata": metadata})
    assert answer.json()["metadata"] == metadata
    job_id = JobId(answer.json()["id"])
    await player.begin(job_id)
    await player.advance(job_id, 0.5)
    await player.succeed(job_id)
    done = (await http.get(f"/jobs/{job_id}")).json()
    assert (done["status"], done["metadata"]) == ("succeeded", metadata)
    assert json.dumps(done["metadata"]) == json.dumps(metadata)


@pytest.mark.parametrize("path", ["/characters", "/portraits"])
async def test_the_same_submission_again_is_the_same_job(http: httpx.AsyncClient, path: str) -> None:
    body = {"id": new_job_id(), **({"count": 2} if path == "/characters" else {"description": "an elf"})}
    first, second = await http.post(path, json=body), await http.post(path, json=dict(reversed(body.items())))
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json() == first.json()
    assert second.headers["location"] == first.headers["location"]


async def test_an_id_in_capitals_is_the_same_id(http: httpx.AsyncClient) -> None:
    job_id = new_job_id()
    assert (await http.post("/characters", json={"count": 2, "id": job_id.upper()})).json()["id"] == job_id
    assert (await http.post("/characters", json={"count": 2, "id": job_id})).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/characters", {"count": 3}),
        ("/characters", {"count": 2, "theme": "the sea"}),
        ("/characters", {"count": 2, "metadata": {"a": 1}}),
        ("/portraits", {"description": "an elf"}),
    ],
)
async def test_an_id_that_means_another_input_is_refused(
    http: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    job_id = new_job_id()
    first = (await http.post("/characters", json={"count": 2, "id": job_id})).json()
    refusal = await http.post(path, json={**body, "id": job_id})
    assert_problem(refusal, 409, fields=["id"])
    assert (await http.get(f"/jobs/{job_id}")).json() == first


async def test_the_same_submission_by_another_caller_shows_the_job_and_gives_no_control(
    edge: Server, anna: httpx.AsyncClient
) -> None:
    body = {"id": new_job_id(), "description": "an elf"}
    await anna.post("/portraits", json=body)
    async with keyed(edge, OTHER_KEY) as bert:
        assert (await bert.post("/portraits", json=body)).status_code == 200
        assert_problem(await bert.post(f"/jobs/{body['id']}/cancel"), 403)
        assert body["id"] not in {job["id"] for job in (await bert.get("/jobs")).json()["jobs"]}


async def test_an_id_whose_job_is_no_longer_kept_stays_used(http: httpx.AsyncClient, player: Player) -> None:
    body = {"id": new_job_id(), "description": "an elf"}
    job_id = JobId((await http.post("/portraits", json=body)).json()["id"])
    await player.begin(job_id)
    await player.succeed(job_id)
    assert (await http.delete(f"/jobs/{job_id}")).status_code == 200
    assert_problem(await http.post("/portraits", json=body), 410)
    assert_problem(await http.post("/portraits", json={**body, "description": "another"}), 409, fields=["id"])


async def test_a_subject_has_one_active_portrait_of_an_owner(http: httpx.AsyncClient, player: Player) -> None:
    body = {"description": "an elf", "subject": f"mira {new_job_id()}"}
    first = await http.post("/portraits", json=body)
    again = await http.post("/portraits", json={**body, "description": "another"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    await player.begin(JobId(first.json()["id"]))
    await player.succeed(JobId(first.json()["id"]))
    later = await http.post("/portraits", json=body)
    assert later.status_code == 202
    assert later.json()["id"] != first.json()["id"]


async def test_the_subject_of_somebody_else_is_another_subject(edge: Server, anna: httpx.AsyncClient) -> None:
    body = {"description": "an elf", "subject": f"mira {new_job_id()}"}
    hers = (await anna.post("/portraits", json=body)).json()
    async with httpx.AsyncClient(base_url=edge.url, verify=False) as stranger:
        answer = await stranger.post("/portraits", json=body)
    assert (answer.status_code, answer.json()["id"] != hers["id"]) == (202, True)


async def test_a_post_that_waits_gets_the_final_state(edge: Server, player: Player) -> None:
    body = {"id": new_job_id(), "description": "an elf"}
    async with httpx.AsyncClient(base_url=edge.url, timeout=40, verify=False) as http:
        waiting = asyncio.create_task(http.post("/portraits", json=body, headers={"Prefer": "wait=30"}))
        job_id = JobId(body["id"])
        async with client(edge.ws_url, job_id) as socket:
            await socket.until_status(job_id, "queued")
        await player.begin(job_id)
        done = await player.succeed(job_id)
        answer = await waiting
    assert (answer.status_code, answer.json()) == (200, done.model_dump(mode="json"))
    assert "retry-after" not in answer.headers
    assert answer.headers["location"] == f"/jobs/{job_id}"


async def test_a_post_that_has_waited_long_enough_gets_the_job_as_it_is(http: httpx.AsyncClient) -> None:
    answer = await http.post("/characters", json={"count": 1}, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


async def test_a_webhook_and_a_priority_go_with_the_job(
    http: httpx.AsyncClient, redis: Redis, edge_prefix: str
) -> None:
    keys = Keys(edge_prefix)
    batch = await http.post("/portraits", json={"description": "an elf", "priority": "batch"})
    told = "https://page.example:8443/told?by=a"
    answer = await http.post("/portraits", json={"description": "an elf", "webhook": told, "priority": "interactive"})
    assert (batch.status_code, answer.status_code) == (202, 202)
    url = await redis.hget(keys.job(answer.json()["id"]), "webhook")  # type: ignore[misc]
    assert url == told.encode()
    places = [entry.decode().partition(":")[0] for entry in await redis.zrange(keys.queue("portrait"), 0, -1)]
    assert places.index(answer.json()["id"]) < places.index(batch.json()["id"])


async def test_a_server_that_signs_no_webhooks_takes_none(start: Callable[..., Server]) -> None:
    async with httpx.AsyncClient(base_url=start().url, verify=False) as http:
        answer = await http.post("/characters", json={"count": 1, "webhook": "https://page.example/told"})
    assert_problem(answer, 422, fields=["webhook"])
    assert "LIMNER_WEBHOOK_SECRET" in answer.json()["detail"]


async def in_pieces() -> AsyncIterator[bytes]:
    for _ in range(160):
        yield b" " * 65_536


def raw(text: str | bytes) -> dict[str, Any]:
    return {"content": text, "headers": {"Content-Type": "application/json"}}


ID = "0b8b8b0e-3c0f-1d8e-9a70-2d4c3b1f6a55"
BAD: list[tuple[str, dict[str, Any], int, list[str] | None]] = [
    ("/characters", {"json": {"count": 0}}, 422, ["count"]),
    ("/characters", {"json": {"count": 11}}, 422, ["count"]),
    ("/characters", {"json": {"count": "three"}}, 422, ["count"]),
    ("/characters", {"json": {"count": "3"}}, 422, ["count"]),
    ("/characters", {"json": {"count": 3.0}}, 422, ["count"]),
    ("/characters", {"json": {"count": True}}, 422, ["count"]),
    ("/characters", {"json": {"count": None}}, 422, ["count"]),
    ("/characters", {"json": {}}, 422, ["count"]),
    ("/characters", {"json": {"count": 0, "theme": 7, "seed": -1}}, 422, ["seed", "count", "theme"]),
    ("/characters", {"json": {"count": 3, "theme": "x" * 301}}, 422, ["theme"]),
    ("/characters", {"json": {"count": 3, "colour": "red"}}, 422, ["colour"]),
    ("/characters", {"json": {"count": 3, "seed": 2**32}}, 422, ["seed"]),
    ("/characters", {"json": {"count": 3, "id": "nonsense"}}, 422, ["id"]),
    ("/characters", {"json": {"count": 3, "id": ID}}, 422, ["id"]),
    ("/characters", {"json": {"count": 3, "id": 7}}, 422, ["id"]),
    ("/characters", {"json": {"count": 3, "metadata": []}}, 422, ["metadata"]),
    ("/characters", {"json": {"count": 3, "metadata": {"x": "y" * 1024}}}, 422, ["metadata"]),
    ("/characters", raw('{"count":3,"metadata":{"x":' + "[" * 32 + "]" * 32 + "}}"), 422, ["metadata"]),
    ("/characters", raw('{"count":3,"metadata":{"x":' + "[" * 400 + "]" * 400 + "}}"), 422, ["metadata"]),
    ("/characters", raw('{"count":3,"theme":"\\ud800"}'), 422, ["theme"]),
    ("/characters", {"json": {"count": 3, "priority": "urgent"}}, 422, ["priority"]),
    ("/characters", {"json": {"count": 3, "priority": 1}}, 422, ["priority"]),
    ("/characters", {"json": {"count": 3, "webhook": "page.example/told"}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": "ftp://page.example/told"}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": "javascript:alert(1)"}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": "https://"}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": ""}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": ["https://page.example"]}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": "https://page.example/" + "x" * 1_980}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": "https://bücher.example/"}}, 422, ["webhook"]),
    ("/characters", {"json": {"count": 3, "webhook": "http://10.0.0.1/told"}}, 422, ["webhook"]),
    ("/characters", raw('{"count":3,"metadata":{"\\udfff":1}}'), 422, ["metadata"]),
    ("/characters", raw('{"count":3,"\\ud800":1}'), 422, ["body"]),
    ("/characters", raw("[]"), 422, None),
    ("/characters", raw("3"), 422, None),
    ("/characters", raw("null"), 422, None),
    ("/characters", raw(""), 400, None),
    ("/characters", raw('{"count":3'), 400, None),
    ("/characters", raw('{"count":3}{}'), 400, None),
    ("/characters", raw('{"count":NaN}'), 400, None),
    ("/characters", raw('{"count":3,"metadata":{"x":1e999}}'), 400, None),
    ("/characters", raw('{"count":' + "9" * 5_000 + "}"), 400, None),
    ("/characters", raw("[" * 30_000 + "]" * 30_000), 400, None),
    ("/characters", raw(b'{"count":3,"theme":"\xff"}'), 400, None),
    ("/characters", raw('{"count":3}'.encode("utf-16")), 400, None),
    ("/characters", {"content": '{"count":3}'}, 415, None),
    ("/characters", {"data": {"count": "3"}}, 415, None),
    ("/characters", {"content": '{"count":3}', "headers": {"Content-Type": "text/plain"}}, 415, None),
    ("/characters", {"json": {"count": 3, "theme": "x" * 10_000_000}}, 413, None),
    (
        "/characters",
        {"content": in_pieces(), "headers": {"Content-Type": "application/json"}},
        413,
        None,
    ),
    ("/portraits", {"json": {}}, 422, ["body"]),
    ("/portraits", {"json": {"description": "an elf", "character": CHARACTER}}, 422, ["body"]),
    ("/portraits", {"json": {"description": ""}}, 422, ["description"]),
    ("/portraits", {"json": {"description": "  "}}, 422, ["description"]),
    ("/portraits", {"json": {"description": "x" * 2_001}}, 422, ["description"]),
    ("/portraits", {"json": {"description": 7}}, 422, ["description"]),
    ("/portraits", {"json": {"character": {"name": "Mira"}}}, 422, ["character.race", "character.class"]),
    ("/portraits", {"json": {"character": {**CHARACTER, "class_": "x"}}}, 422, ["character.class_"]),
    ("/portraits", {"json": {"character": {**CHARACTER, "age": 7}}}, 422, ["character.age"]),
    ("/portraits", {"json": {"character": []}}, 422, ["character"]),
    ("/portraits", {"json": {"description": "an elf", "size": "255x640"}}, 422, ["size"]),
    ("/portraits", {"json": {"description": "an elf", "size": "640x1281"}}, 422, ["size"]),
    ("/portraits", {"json": {"description": "an elf", "size": "640X640"}}, 422, ["size"]),
    ("/portraits", {"json": {"description": "an elf", "size": "٦٤٠x٦٤٠"}}, 422, ["size"]),
    ("/portraits", {"json": {"description": "an elf", "size": 640}}, 422, ["size"]),
    ("/portraits", {"json": {"description": "an elf", "format": "gif"}}, 422, ["format"]),
    ("/portraits", {"json": {"description": "an elf", "provider": "nobody"}}, 422, ["provider"]),
    ("/portraits", {"json": {"description": "an elf", "subject": ""}}, 422, ["subject"]),
    ("/portraits", {"json": {"description": "an elf", "subject": "s" * 201}}, 422, ["subject"]),
    ("/portraits", {"json": {"description": "an elf", "count": 3}}, 422, ["count"]),
]


def name_of(case: object) -> str | None:
    return json.dumps(case, default=str)[:60] if isinstance(case, dict) else None


@pytest.mark.parametrize(("path", "sent", "status", "fields"), BAD, ids=name_of)
async def test_bad_input_is_refused_by_name_and_changes_nothing(
    http: httpx.AsyncClient,
    redis: Redis,
    edge_prefix: str,
    path: str,
    sent: dict[str, Any],
    status: int,
    fields: list[str] | None,
) -> None:
    before = await everything(redis, edge_prefix)
    answer = await http.post(path, **sent)
    assert_problem(answer, status, fields=fields)
    assert "set-cookie" not in answer.headers
    assert await everything(redis, edge_prefix) == before


async def everything(redis: Redis, prefix: str) -> dict[bytes, bytes | None]:
    """All keys under a prefix with what they hold, as Redis would dump it."""
    keys = sorted([key async for key in redis.scan_iter(f"{prefix}*", count=1_000)])
    async with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.dump(key)
        return dict(zip(keys, await pipe.execute(), strict=True))


@pytest.mark.parametrize("key", ["nonsense", API_KEY.upper(), API_KEY[:-1], "é"])
async def test_a_key_that_is_not_known_takes_nothing_in(
    http: httpx.AsyncClient, redis: Redis, edge_prefix: str, key: str
) -> None:
    before = await everything(redis, edge_prefix)
    headers = {b"Authorization": f"Bearer {key}".encode()}
    answer = await http.post("/characters", json={"count": 1}, headers=headers)
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert await everything(redis, edge_prefix) == before
