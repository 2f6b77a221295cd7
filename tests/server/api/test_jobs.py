"""`/jobs`: looking at jobs, with and without waiting."""

import asyncio

import httpx
import pytest
from redis.asyncio import Redis

from storage.keys import Keys
from storage.records.ids import JobId, new_job_id
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

COOKIE = "limner_session"


async def test_a_job_is_answered_with_its_version_as_entity_tag(http: httpx.AsyncClient, player: Player) -> None:
    running, done = await player.running(), await player.finished()
    answer = await http.get(f"/jobs/{running}")
    assert answer.json() == (await player.job(running)).model_dump(mode="json")
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert int(answer.headers["retry-after"]) > 0
    assert "retry-after" not in (await http.get(f"/jobs/{done.id}")).headers


async def test_what_the_caller_has_is_not_sent_again(http: httpx.AsyncClient, player: Player) -> None:
    done = await player.finished()
    for tag in (f'"{done.version}"', f'W/"{done.version}"', f'"1", "{done.version}"', "*"):
        answer = await http.get(f"/jobs/{done.id}", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", f'"{done.version}"')
    assert (await http.get(f"/jobs/{done.id}", headers={"If-None-Match": f'"{done.version - 1}"'})).status_code == 200


@pytest.mark.parametrize("path", ["/jobs/{}", "/jobs?id={}"])
async def test_who_waits_gets_the_next_state_when_it_is_there(
    http: httpx.AsyncClient, player: Player, path: str
) -> None:
    job_id = await player.running()
    tag = (await http.get(path.format(job_id))).headers["etag"]
    headers = {"If-None-Match": tag, "Prefer": "wait=30"}
    waiting = asyncio.create_task(http.get(path.format(job_id), headers=headers))
    await http.get("/health")
    done = await player.succeed(job_id)
    answer = await waiting
    assert answer.status_code == 200
    assert str(done.version) in answer.text
    assert answer.headers["etag"] != tag


@pytest.mark.parametrize("path", ["/jobs/{}", "/jobs?id={}"])
async def test_when_the_time_is_over_nothing_has_changed(http: httpx.AsyncClient, player: Player, path: str) -> None:
    url = path.format(await player.running())
    tag = (await http.get(url)).headers["etag"]
    answer = await http.get(url, headers={"If-None-Match": tag, "Prefer": "wait=1"})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", ["/jobs/{}", "/jobs?id={}"])
async def test_nobody_waits_for_a_finished_job_or_for_what_has_changed_already(
    http: httpx.AsyncClient, player: Player, path: str
) -> None:
    finished, running = path.format((await player.finished()).id), path.format(await player.running())
    tag = (await http.get(finished)).headers["etag"]
    async with asyncio.timeout(20):
        answer = await http.get(finished, headers={"If-None-Match": tag, "Prefer": "wait=30"})
        changed = await http.get(running, headers={"If-None-Match": '"1"', "Prefer": "wait=30"})
        asked = await http.get(running, headers={"Prefer": "wait=30"})
    assert (answer.status_code, changed.status_code, asked.status_code) == (304, 200, 200)


async def test_who_waits_for_a_job_that_is_then_removed_is_told(http: httpx.AsyncClient, player: Player) -> None:
    job_id = await player.running()
    tag = (await http.get(f"/jobs/{job_id}")).headers["etag"]
    waiting = asyncio.create_task(http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag, "Prefer": "wait=30"}))
    await http.get("/health")
    await player.succeed(job_id)
    await player.store.remove(job_id)
    answer = await waiting
    assert answer.status_code in (200, 410)


@pytest.mark.parametrize("job_id", ["nonsense", "0b8b8b0e-3c0f-1d8e-9a70-2d4c3b1f6a55", "%00", "é"])
async def test_what_is_no_id_is_no_job(http: httpx.AsyncClient, job_id: str) -> None:
    for path in (f"/jobs/{job_id}", f"/temp-portraits/{job_id}/image"):
        assert_problem(await http.get(path), 404)
    for path in (f"/jobs/{job_id}/cancel", f"/jobs/{job_id}/retry"):
        assert_problem(await http.post(path), 404)
    assert_problem(await http.delete(f"/jobs/{job_id}"), 404)


async def test_a_job_that_never_was_is_not_found(http: httpx.AsyncClient) -> None:
    job_id = new_job_id()
    assert_problem(await http.get(f"/jobs/{job_id}"), 404)
    assert_problem(await http.post(f"/jobs/{job_id}/cancel"), 404)
    assert_problem(await http.post(f"/jobs/{job_id}/retry"), 404)
    assert_problem(await http.delete(f"/jobs/{job_id}"), 404)


async def test_a_job_that_is_no_longer_kept_is_gone(
    http: httpx.AsyncClient, player: Player, redis: Redis, edge_prefix: str
) -> None:
    done = await player.finished()
    earlier = (
        await player.store.now() - 60_000
    )  # the clock that another process has read of Redis may be some ms behind
    await redis.hset(Keys(edge_prefix).job(done.id), "kept_until", str(earlier))  # type: ignore[misc]
    assert_problem(await http.get(f"/jobs/{done.id}"), 410)
    answer = (await http.get("/jobs", params={"id": [done.id]})).json()
    assert answer == {"jobs": [], "unknown": [done.id], "expired": [done.id]}


async def test_many_jobs_come_in_one_answer_with_one_tag(http: httpx.AsyncClient, player: Player) -> None:
    running, done, nowhere = await player.running(), await player.finished(), new_job_id()
    gone = await player.finished()
    await player.store.remove(JobId(gone.id))
    ids = [running, nowhere, done.id.upper(), gone.id, running]
    answer = await http.get("/jobs", params={"id": ids})
    body = answer.json()
    assert [job["id"] for job in body["jobs"]] == [running, done.id]
    assert (body["unknown"], body["expired"]) == ([nowhere, gone.id], [gone.id])
    assert int(answer.headers["retry-after"]) > 0
    again = await http.get("/jobs", params={"id": ids}, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await player.advance(running, 0.5)
    assert (await http.get("/jobs", params={"id": ids})).headers["etag"] != answer.headers["etag"]


async def test_256_ids_may_be_asked_for_and_no_more(http: httpx.AsyncClient) -> None:
    ids = [new_job_id() for _ in range(257)]
    assert (await http.get("/jobs", params={"id": ids[:256]})).json()["unknown"] == ids[:256]
    assert_problem(await http.get("/jobs", params={"id": ids}), 422, fields=["id"])
    assert_problem(await http.get("/jobs", params={"id": ["nonsense"]}), 422, fields=["id"])


async def test_the_first_post_begins_a_session_and_the_cookie_shows_its_jobs(edge: Server) -> None:
    async with httpx.AsyncClient(base_url=edge.url, verify=False) as browser:
        assert (await browser.get("/jobs")).json() == {"jobs": []}
        first = await browser.post("/characters", json={"count": 1})
        cookie = first.headers["set-cookie"].lower()
        assert cookie.startswith(f"{COOKIE}=")
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        second = await browser.post("/portraits", json={"description": "an elf"})
        assert "set-cookie" not in second.headers
        listed = [job["id"] for job in (await browser.get("/jobs")).json()["jobs"]]
        assert listed == [second.json()["id"], first.json()["id"]]
        assert (await browser.post(f"/jobs/{first.json()['id']}/cancel")).status_code == 200
        active = (await browser.get("/jobs", params={"active": "1"})).json()["jobs"]
        assert [job["id"] for job in active] == [second.json()["id"]]
        assert_problem(await browser.get("/jobs", params={"active": "yes"}), 422, fields=["active"])


@pytest.mark.parametrize("cookie", ["nonsense", "a.b.c", "ImZha2Ui.AAAA", ""])
async def test_a_cookie_that_was_not_signed_here_is_nobody(http: httpx.AsyncClient, cookie: str) -> None:
    assert (await http.get("/jobs", headers={"Cookie": f"{COOKIE}={cookie}"})).json() == {"jobs": []}
    job_id = (await http.post("/characters", json={"count": 1})).json()["id"]
    async with httpx.AsyncClient(
        base_url=http.base_url, headers={"Cookie": f"{COOKIE}={cookie}"}, verify=False
    ) as stranger:
        assert_problem(await stranger.post(f"/jobs/{job_id}/cancel"), 403)


async def test_a_key_that_is_not_known_is_refused_where_it_matters_who_calls(http: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    job_id = (await http.post("/characters", json={"count": 1})).json()["id"]
    assert_problem(await http.get("/jobs", headers=headers), 401)
    assert_problem(await http.post(f"/jobs/{job_id}/cancel", headers=headers), 401)
    assert_problem(await http.delete(f"/jobs/{job_id}", headers=headers), 401)
