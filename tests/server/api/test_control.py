"""Stopping, repeating and removing jobs: by whom, which, one by one and several at once."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from storage.keys import Keys
from storage.records.ids import JobId, new_job_id
from tests.server.conftest import API_KEY, OPERATOR_KEY, OTHER_KEY, keyed
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server


async def test_only_its_owner_and_the_operator_control_a_job(edge: Server, http: httpx.AsyncClient) -> None:
    async with keyed(edge, API_KEY) as owner, keyed(edge, OTHER_KEY) as other, keyed(edge, OPERATOR_KEY) as operator:
        job_id = (await owner.post("/characters", json={"count": 1})).json()["id"]
        for stranger in (other, http):
            assert_problem(await stranger.post(f"/jobs/{job_id}/cancel"), 403)
            assert_problem(await stranger.post(f"/jobs/{job_id}/retry"), 403)
            assert_problem(await stranger.delete(f"/jobs/{job_id}"), 403)
            assert (await stranger.get(f"/jobs/{job_id}")).json()["status"] == "queued"
        assert (await owner.post(f"/jobs/{job_id}/cancel")).json()["status"] == "canceled"
        assert (await operator.post(f"/jobs/{job_id}/retry")).json()["status"] == "queued"
        assert (await operator.post(f"/jobs/{job_id}/cancel")).json()["status"] == "canceled"
        assert (await owner.delete(f"/jobs/{job_id}")).status_code == 200


async def test_a_waiting_and_a_running_job_can_be_canceled_and_a_finished_one_cannot(
    anna: httpx.AsyncClient, player: Player
) -> None:
    waiting = (await anna.post("/portraits", json={"description": "an elf"})).json()["id"]
    running = await player.submit(owner="key:anna")
    await player.begin(running)
    for job_id in (waiting, running):
        answer = await anna.post(f"/jobs/{job_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
        assert answer.json() == (await anna.get(f"/jobs/{job_id}")).json()
        assert "retry-after" not in answer.headers
        assert_problem(await anna.post(f"/jobs/{job_id}/cancel"), 409)
    done = await player.finished(owner="key:anna")
    assert_problem(await anna.post(f"/jobs/{done.id}/cancel"), 409)


@pytest.mark.parametrize("retryable", [True, False])
async def test_a_failed_job_can_be_tried_again_and_a_queued_or_finished_one_cannot(
    anna: httpx.AsyncClient, player: Player, retryable: bool
) -> None:
    job_id = await player.submit(owner="key:anna")
    assert_problem(await anna.post(f"/jobs/{job_id}/retry"), 409)
    await player.begin(job_id)
    failed = await player.fail(job_id, retryable=retryable)
    answer = await anna.post(f"/jobs/{job_id}/retry")
    job = answer.json()
    assert (answer.status_code, job["status"], job["error"], job["attempt"]) == (200, "queued", None, 1)
    assert job["version"] > failed.version
    assert job == (await anna.get(f"/jobs/{job_id}")).json()
    assert answer.headers["etag"] == f'"{job["version"]}"'
    assert int(answer.headers["retry-after"]) > 0
    done = await player.finished(owner="key:anna")
    assert_problem(await anna.post(f"/jobs/{done.id}/retry"), 409)


async def test_only_a_finished_job_can_be_removed_and_then_it_is_gone(
    anna: httpx.AsyncClient, player: Player, redis: Redis, edge_prefix: str
) -> None:
    running = await player.submit(owner="key:anna")
    assert_problem(await anna.delete(f"/jobs/{running}"), 409)
    done = await player.finished(owner="key:anna")
    assert (await anna.delete(f"/jobs/{done.id}")).json() == done.model_dump(mode="json")
    assert await redis.exists(Keys(edge_prefix).portrait(done.id)) == 0
    assert_problem(await anna.get(f"/jobs/{done.id}"), 410)
    assert_problem(await anna.delete(f"/jobs/{done.id}"), 410)
    assert_problem(await anna.get(f"/temp-portraits/{done.id}/image"), 410)
    assert done.id not in [job["id"] for job in (await anna.get("/jobs")).json()["jobs"]]


class Browser:
    """A page with a session of its own, so that all that its owner has is what the test gave it."""

    def __init__(self, http: httpx.AsyncClient, player: Player) -> None:
        self.http = http
        self._player = player

    async def waiting(self, **more: Any) -> JobId:
        answer = await self.http.post("/portraits", json={"description": "an elf", **more})
        assert answer.status_code == 202
        return JobId(answer.json()["id"])

    async def failed(self, *, retryable: bool = True, **more: Any) -> JobId:
        job_id = await self.waiting(**more)
        await self._player.begin(job_id)
        await self._player.fail(job_id, retryable=retryable)
        return job_id

    async def status(self, job_id: JobId) -> str:
        return str((await self.http.get(f"/jobs/{job_id}")).json()["status"])


@pytest.fixture
async def browser(edge: Server, player: Player) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(base_url=edge.url, timeout=30, verify=False) as http:
        yield Browser(http, player)


@pytest.fixture
async def stranger(edge: Server, player: Player) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(base_url=edge.url, timeout=30, verify=False) as http:
        yield Browser(http, player)


async def test_all_failed_jobs_of_the_caller_are_tried_again_but_for_those_that_this_cannot_help(
    browser: Browser, stranger: Browser
) -> None:
    first, second, hopeless = await browser.failed(), await browser.failed(), await browser.failed(retryable=False)
    await browser.waiting()
    others = await stranger.failed()
    answer = await browser.http.post("/jobs/retry", json={})
    assert answer.status_code == 200
    assert answer.json() == {
        "retried": [second, first],
        "left": [{"id": hopeless, "reason": "The painter is ill."}],
    }
    assert [await browser.status(job_id) for job_id in (first, second, hopeless)] == ["queued", "queued", "failed"]
    assert await stranger.status(others) == "failed"
    assert (await browser.http.post("/jobs/retry", json={})).json()["retried"] == []


async def test_jobs_that_are_named_are_tried_again_each_by_itself(browser: Browser, stranger: Browser) -> None:
    failed, waiting, other = await browser.failed(), await browser.waiting(), await stranger.failed()
    hopeless, nowhere, unnamed = await browser.failed(retryable=False), new_job_id(), await browser.failed()
    canceled = await browser.waiting()
    await browser.http.post(f"/jobs/{canceled}/cancel")
    named = [other, failed, waiting, hopeless, nowhere, canceled, failed]
    answer = (await browser.http.post("/jobs/retry", json={"jobs": named})).json()
    assert answer["retried"] == [failed, canceled]
    assert answer["left"] == [
        {"id": other, "reason": "Only the one who asked for this job may do that."},
        {"id": waiting, "reason": "This job cannot be retried: it is queued."},
        {"id": hopeless, "reason": "The painter is ill."},
        {"id": nowhere, "reason": "There is no such job."},
    ]
    assert await browser.status(unnamed) == "failed"


async def test_several_jobs_are_canceled_each_by_itself(browser: Browser, stranger: Browser) -> None:
    waiting, other, failed = await browser.waiting(), await stranger.waiting(), await browser.failed()
    unnamed = await browser.waiting()
    answer = (await browser.http.post("/jobs/cancel", json={"jobs": [waiting, other, failed]})).json()
    assert answer["canceled"] == [waiting]
    assert [entry["id"] for entry in answer["left"]] == [other, failed]
    assert [await browser.status(job_id) for job_id in (waiting, unnamed)] == ["canceled", "queued"]
    assert await stranger.status(other) == "queued"


async def test_the_operator_repeats_the_jobs_of_everybody_only_when_it_is_said(
    edge: Server, browser: Browser, stranger: Browser
) -> None:
    first, second, third = await browser.failed(), await stranger.failed(), await browser.failed()
    async with keyed(edge, OPERATOR_KEY) as operator:
        assert first not in (await operator.post("/jobs/retry", json={})).json()["retried"]
        assert (await operator.post("/jobs/retry", json={"jobs": [third]})).json() == {"retried": [third], "left": []}
        assert await browser.status(first) == "failed"
        retried = (await operator.post("/jobs/retry", json={"all": True})).json()["retried"]
    assert {first, second} <= set(retried)
    assert third not in retried


@pytest.mark.parametrize(
    ("path", "body", "status", "fields"),
    [
        ("/jobs/retry", {"all": True}, 403, None),
        ("/jobs/retry", {"jobs": ["nonsense"]}, 422, ["jobs.0"]),
        ("/jobs/retry", {"jobs": "all"}, 422, ["jobs"]),
        ("/jobs/retry", {"ids": []}, 422, ["ids"]),
        ("/jobs/retry", {"jobs": [new_job_id() for _ in range(257)]}, 422, ["jobs"]),
        ("/jobs/cancel", {}, 422, ["jobs"]),
        ("/jobs/cancel", {"jobs": None}, 422, ["jobs"]),
        ("/jobs/cancel", {"all": True}, 422, ["jobs", "all"]),
        ("/jobs/cancel", {"jobs": [new_job_id() for _ in range(257)]}, 422, ["jobs"]),
    ],
    ids=str,
)
async def test_what_several_jobs_cannot_be_asked_for_is_refused(
    browser: Browser, path: str, body: dict[str, Any], status: int, fields: list[str] | None
) -> None:
    failed = await browser.failed()
    assert_problem(await browser.http.post(path, json=body), status, fields=fields)
    assert_problem(await browser.http.post(path), 415)
    assert await browser.status(failed) == "failed"


async def test_the_operator_cannot_name_some_and_mean_all(edge: Server) -> None:
    async with keyed(edge, OPERATOR_KEY) as operator:
        answer = await operator.post("/jobs/retry", json={"jobs": [], "all": True})
    assert_problem(answer, 422, fields=["all"])


async def test_who_has_no_session_has_nothing_to_repeat(http: httpx.AsyncClient, browser: Browser) -> None:
    job_id = await browser.failed()
    assert (await http.post("/jobs/retry", json={})).json() == {"retried": [], "left": []}
    answer = (await http.post("/jobs/retry", json={"jobs": [job_id]})).json()
    assert (answer["retried"], [entry["id"] for entry in answer["left"]]) == ([], [job_id])


async def test_a_retry_is_refused_while_a_newer_job_is_being_done_for_its_subject_which_it_names(
    browser: Browser,
) -> None:
    older = await browser.failed(subject="mira")
    newer = await browser.waiting(subject="mira")
    refusal = await browser.http.post(f"/jobs/{older}/retry")
    assert_problem(refusal, 409)
    assert newer in refusal.json()["detail"]
    assert newer in (await browser.http.post("/jobs/retry", json={})).json()["left"][0]["reason"]
    assert await browser.status(older) == "failed"
    await browser.http.post(f"/jobs/{newer}/cancel")
    assert (await browser.http.post(f"/jobs/{older}/retry")).status_code == 200
