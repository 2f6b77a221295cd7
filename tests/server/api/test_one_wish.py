"""One wish, one job: whatever is clicked twice, lost on the way or sent again too late."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.idempotency import IdempotencyKeys
from storage.keys import Keys
from storage.records.ids import JobId, new_job_id
from tests.server.conftest import API_KEY, OTHER_KEY, keyed, lines_of
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.proxy import Proxy, Way

DEADLINE_SECONDS = 20.0


def wish(**more: Any) -> dict[str, Any]:
    """What is sent, told from the wishes of all other tests by its mark."""
    return {"description": "an elf", "metadata": {"mark": new_job_id()}, **more}


def header(key: str) -> dict[str, str]:
    return {"Idempotency-Key": f'"{key}"'}


async def made(client: httpx.AsyncClient, body: Mapping[str, Any]) -> list[str]:
    """The caller's jobs of this wish."""
    jobs = (await client.get("/jobs")).json()["jobs"]
    return [job["id"] for job in jobs if job["metadata"] == body["metadata"]]


Wish = tuple[dict[str, Any], dict[str, str]]
"""Body and headers."""

SAME: dict[str, Callable[[], Wish]] = {
    "an id": lambda: (wish(id=new_job_id()), {}),
    "a key": lambda: (wish(), header(new_job_id())),
    "a subject": lambda: (wish(subject=f"bob {new_job_id()}"), {}),
}
"""What makes two POSTs the same wish."""

same = pytest.mark.parametrize("how", SAME)
for_good = pytest.mark.parametrize("how", ["an id", "a key"])
"""Those that hold when the job has ended, too."""


async def test_generating_a_portrait_again_while_it_is_being_painted_makes_no_duplicate(
    edge: Server, anna: httpx.AsyncClient, player: Player
) -> None:
    bob = wish(subject=f"bob {new_job_id()}")
    first = await anna.post("/portraits", json=bob)
    job_id = first.json()["id"]
    await player.begin(JobId(job_id))
    again = await anna.post("/portraits", json={**bob, "id": new_job_id()})
    assert (first.status_code, again.status_code) == (202, 200)
    assert (again.json()["id"], again.json()["status"]) == (job_id, "processing")
    assert await made(anna, bob) == [job_id]
    said = [line for line in lines_of(edge, "info") if line.get("job") == job_id[:8]]
    assert [(line["event"], line.get("reason")) for line in said] == [
        ("job submitted", None),
        ("job deduplicated", "already has an active job"),
    ]


@same
async def test_a_double_click_is_one_job(anna: httpx.AsyncClient, how: str) -> None:
    body, headers = SAME[how]()
    answers = await asyncio.gather(*(anna.post("/portraits", json=body, headers=headers) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert await made(anna, body) == [answers[0].json()["id"]]
    assert len({answer.json()["id"] for answer in answers}) == 1


@same
async def test_two_tabs_of_a_browser_are_one_job(edge: Server, how: str) -> None:
    body, headers = SAME[how]()
    async with (
        httpx.AsyncClient(base_url=edge.url, verify=False) as tab,
        httpx.AsyncClient(base_url=edge.url, verify=False) as other,
    ):
        await tab.post("/portraits", json=wish())
        other.cookies.update(tab.cookies)
        answers = await asyncio.gather(*(one.post("/portraits", json=body, headers=headers) for one in (tab, other)))
        assert sorted(answer.status_code for answer in answers) == [200, 202]
        assert await made(tab, body) == [answers[0].json()["id"]] == await made(other, body)


async def lose_the_answer(
    server: Server, body: Mapping[str, Any], headers: Mapping[str, str], there: Callable[[], Awaitable[bool]]
) -> None:
    """POST over a line that brings the request and is cut before the answer. `there` says that the job is."""
    with Proxy(server.port) as proxy:
        proxy.freeze(Way.DOWN)
        async with (
            asyncio.timeout(DEADLINE_SECONDS),
            httpx.AsyncClient(base_url=proxy.url, headers=headers, timeout=DEADLINE_SECONDS, verify=False) as client,
        ):
            posting = asyncio.create_task(client.post("/portraits", json=body))
            while not await there():  # noqa: ASYNC110 - nothing says when a request has arrived
                await asyncio.sleep(0.01)
            proxy.drop()
            with pytest.raises(httpx.TransportError):
                await posting


@same
async def test_a_post_that_is_repeated_because_its_answer_was_lost_is_one_job(
    edge: Server, anna: httpx.AsyncClient, how: str
) -> None:
    body, headers = SAME[how]()

    async def there() -> bool:
        return bool(await made(anna, body))

    await lose_the_answer(edge, body, {**headers, "Authorization": f"Bearer {API_KEY}"}, there)
    again = await anna.post("/portraits", json=body, headers=headers)
    assert again.status_code == 200
    assert await made(anna, body) == [again.json()["id"]]


@for_good
async def test_so_it_is_for_a_browser_that_had_no_session_yet_and_gets_no_control_of_what_it_cannot_prove(
    start: Callable[..., Server], own_player: Player, how: str
) -> None:
    server, store = start(), own_player.store
    body, headers = SAME[how]()

    async def there() -> bool:
        return await store.count_active() > 0

    await lose_the_answer(server, body, headers, there)
    async with httpx.AsyncClient(base_url=server.url, verify=False) as browser:
        again = await browser.post("/portraits", json=body, headers=headers)
        assert (again.status_code, await store.count_active()) == (200, 1)
        assert "set-cookie" not in again.headers
        assert (await browser.get(f"/jobs/{again.json()['id']}")).status_code == 200
        await browser.post("/portraits", json=wish())
        assert_problem(await browser.post(f"/jobs/{again.json()['id']}/cancel"), 403)


async def test_a_key_stands_for_the_same_job_before_and_after_a_browser_got_its_session(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start()
    body, headers = SAME["a key"]()
    async with httpx.AsyncClient(base_url=server.url, verify=False) as browser:
        first = await browser.post("/portraits", json=body, headers=headers)
        assert "set-cookie" in first.headers
        late = await browser.post("/portraits", json=body, headers=headers)
        assert (first.status_code, late.status_code, late.json()["id"]) == (202, 200, first.json()["id"])
        assert await own_player.store.count_active() == 1


@pytest.fixture
def idempotency(redis: Redis, edge_prefix: str) -> IdempotencyKeys:
    return IdempotencyKeys(PooledCommands(redis), Keys(edge_prefix))


async def test_a_key_whose_first_post_died_before_it_submitted_is_one_job(
    anna: httpx.AsyncClient, idempotency: IdempotencyKeys
) -> None:
    key, reserved, body = new_job_id(), new_job_id(), wish()
    await idempotency.job_of("key:anna", key, reserved)
    answers = [await anna.post("/portraits", json=body, headers=header(key)) for _ in range(2)]
    assert [(answer.status_code, answer.json()["id"]) for answer in answers] == [(202, reserved), (200, reserved)]
    assert await made(anna, body) == [reserved]


@for_good
@pytest.mark.parametrize("end", ["succeed", "fail"])
async def test_a_repeat_that_comes_after_the_end_gets_the_end(
    anna: httpx.AsyncClient, player: Player, how: str, end: str
) -> None:
    body, headers = SAME[how]()
    job_id = JobId((await anna.post("/portraits", json=body, headers=headers)).json()["id"])
    await player.begin(job_id)
    done = await getattr(player, end)(job_id)
    late = await anna.post("/portraits", json=body, headers=headers)
    assert (late.status_code, late.json()) == (200, done.model_dump(mode="json"))
    assert await made(anna, body) == [job_id]


@for_good
async def test_a_service_workers_late_repeat_of_a_job_that_is_no_longer_kept_makes_no_second_one(
    anna: httpx.AsyncClient, player: Player, redis: Redis, edge_prefix: str, how: str
) -> None:
    body, headers = SAME[how]()
    job_id = JobId((await anna.post("/portraits", json=body, headers=headers)).json()["id"])
    await player.begin(job_id)
    await player.succeed(job_id)
    now = await player.store.now()
    await redis.hset(Keys(edge_prefix).job(job_id), "kept_until", str(now))  # type: ignore[misc]
    assert_problem(await anna.post("/portraits", json=body, headers=headers), 410)
    await redis.zadd(Keys(edge_prefix).expiring, {job_id: now})
    await player.store.sweep(lease_ms=10_000, patience_ms=86_400_000, offset=0, batch=100)
    for _ in range(2):
        assert_problem(await anna.post("/portraits", json=body, headers=headers), 410)
    other = await anna.post("/portraits", json={**body, "description": "a dwarf"}, headers=headers)
    assert_problem(other, 409, fields=["id" if how == "an id" else "Idempotency-Key"])
    assert await made(anna, body) == []


@for_good
async def test_a_click_that_got_the_job_of_its_subject_gets_it_also_when_it_is_repeated_after_the_end(
    anna: httpx.AsyncClient, player: Player, how: str
) -> None:
    subject = f"bob {new_job_id()}"
    first = JobId((await anna.post("/portraits", json=wish(subject=subject))).json()["id"])
    body, headers = SAME[how]()
    body["subject"] = subject
    assert (await anna.post("/portraits", json=body, headers=headers)).json()["id"] == first
    await player.begin(first)
    await player.succeed(first)
    late = await anna.post("/portraits", json=body, headers=headers)
    assert (late.status_code, late.json()["id"]) == (200, first)
    assert await made(anna, body) == []


async def test_a_key_is_used_for_one_input_only(anna: httpx.AsyncClient) -> None:
    headers, body = header(new_job_id()), wish()
    first = await anna.post("/portraits", json=body, headers=headers)
    for path, other in (
        ("/portraits", {**body, "description": "a dwarf"}),
        ("/portraits", {**body, "priority": "batch"}),
        ("/portraits", {**body, "webhook": "https://page.example/told"}),
        ("/characters", {"count": 1}),
    ):
        assert_problem(await anna.post(path, json=other, headers=headers), 409, fields=["Idempotency-Key"])
    assert (await anna.post("/portraits", json=body, headers=headers)).json() == first.json()


async def test_a_key_of_somebody_else_is_another_key(edge: Server, anna: httpx.AsyncClient) -> None:
    headers, body = header(new_job_id()), wish()
    hers = await anna.post("/portraits", json=body, headers=headers)
    async with keyed(edge, OTHER_KEY) as bert:
        his = await bert.post("/portraits", json=body, headers=headers)
        assert (his.status_code, await made(bert, body)) == (202, [his.json()["id"]])
    assert await made(anna, body) == [hers.json()["id"]]


async def test_a_key_is_the_same_with_quotes_and_without(anna: httpx.AsyncClient) -> None:
    key, body = new_job_id(), wish()
    answers = [
        await anna.post("/portraits", json=body, headers={"Idempotency-Key": text}) for text in (f'"{key}"', key)
    ]
    assert [answer.status_code for answer in answers] == [202, 200]


async def test_with_both_the_key_stands_for_the_id_of_the_body_and_for_no_other(anna: httpx.AsyncClient) -> None:
    headers, body = header(new_job_id()), wish()
    answers = [await anna.post("/portraits", json={**body, "id": new_job_id()}, headers=headers) for _ in range(2)]
    assert answers[0].status_code == 202
    assert_problem(answers[1], 409, fields=["Idempotency-Key"])
    assert await made(anna, body) == [answers[0].json()["id"]]
    assert (await anna.post("/portraits", json={**body}, headers=headers)).json() == answers[0].json()


async def test_bad_input_uses_no_key(anna: httpx.AsyncClient) -> None:
    headers, body = header(new_job_id()), wish()
    assert_problem(await anna.post("/portraits", json={**body, "size": "1x1"}, headers=headers), 422, fields=["size"])
    assert (await anna.post("/portraits", json=body, headers=headers)).status_code == 202


@pytest.mark.parametrize("key", ["", '""', "k" * 256])
async def test_a_key_that_is_none_makes_no_job(anna: httpx.AsyncClient, key: str) -> None:
    body = wish()
    answer = await anna.post("/portraits", json=body, headers={"Idempotency-Key": key})
    assert_problem(answer, 422, fields=["Idempotency-Key"])
    assert await made(anna, body) == []
