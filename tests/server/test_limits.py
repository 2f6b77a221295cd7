"""What a caller may ask for: each limit by itself, and what a caller is answered who has reached one."""

import contextlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from server.hub.counters import Counters, Limit
from server.identity import Caller
from server.limits import SubmissionLimits
from server.problems import Problem
from server.settings import ServerSettings
from storage.commands import PooledCommands
from storage.errors import QueueFull, QuotaSpent, SettingsError
from storage.keys import Keys
from storage.records.ids import JobId, new_job_id
from storage.settings import load
from storage.stored import Quota
from storage.tokens import TokenBuckets
from tests.server.conftest import OPERATOR_KEY
from tests.server.support.figures import figure
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.proxy import redis_proxy

ANN, BOB, OPERATOR, NOBODY = Caller("key:ann"), Caller("key:bob"), Caller("operator", operator=True), Caller(None)
HERE, THERE = "192.0.2.1", "192.0.2.2"

Make = Callable[..., SubmissionLimits]


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def limits(redis: Redis, keys: Keys, counters: Counters) -> Make:
    """Limits by these settings; nothing comes back while a test runs."""

    def make(**settings: Any) -> SubmissionLimits:
        given = {"submissions_seconds": 600_000, **settings}
        return SubmissionLimits(load(ServerSettings, **given), TokenBuckets(PooledCommands(redis), keys), counters)

    return make


async def admitted(limits: SubmissionLimits, caller: Caller, address: str, *, of: int) -> int:
    """How many of so many submissions are taken."""
    taken = 0
    for _ in range(of):
        with contextlib.suppress(Problem):
            await limits.admit(caller, address)
            taken += 1
    return taken


async def test_an_owner_may_submit_so_much_at_a_stroke_from_wherever(limits: Make, counters: Counters) -> None:
    few = limits(max_submissions=3)
    assert await admitted(few, ANN, HERE, of=2) + await admitted(few, ANN, THERE, of=3) == 3
    assert await admitted(few, BOB, HERE, of=1) == 1
    assert counters.limited == {Limit.OWNER: 2}


async def test_an_address_may_submit_so_much_whoever_it_is(limits: Make, counters: Counters) -> None:
    few = limits(max_submissions_per_address=3)
    assert [await admitted(few, caller, HERE, of=1) for caller in (ANN, BOB, NOBODY, NOBODY)] == [1, 1, 1, 0]
    assert await admitted(few, ANN, THERE, of=1) == 1
    assert counters.limited == {Limit.ADDRESS: 1}


async def test_an_ipv6_network_is_one_address(limits: Make) -> None:
    few = limits(max_submissions_per_address=1)
    assert await admitted(few, ANN, "2001:db8::1", of=1) == 1
    assert await admitted(few, ANN, "2001:db8::2", of=1) == 0
    assert await admitted(few, ANN, "2001:db8:0:1::1", of=1) == 1


async def test_who_is_refused_is_told_when_to_come_again(limits: Make) -> None:
    few = limits(max_submissions=1)
    await few.admit(ANN, HERE)
    with pytest.raises(Problem) as problem:
        await few.admit(ANN, HERE)
    assert (problem.value.status, problem.value.type) == (429, "urn:limner:limit:owner")
    assert 599_000 < int(problem.value.headers["Retry-After"]) <= 600_000
    assert problem.value.detail.endswith("The next one is taken in 167 hours.")


async def test_zero_is_no_limit_and_the_operator_has_none(limits: Make) -> None:
    assert await admitted(limits(max_submissions=0, max_submissions_per_address=0), ANN, HERE, of=100) == 100
    strict = limits(max_submissions=1, max_submissions_per_address=1, daily_pictures=1, daily_budget="painter=1")
    assert await admitted(strict, OPERATOR, HERE, of=100) == 100
    assert strict.quotas(OPERATOR, HERE, "painter", 10) == []
    assert strict.most_waiting(OPERATOR) is None
    assert (strict.most_waiting(ANN), limits(max_waiting=0).most_waiting(ANN)) == (10_000, None)


def test_pictures_count_for_their_owner_and_for_their_provider(limits: Make) -> None:
    both = limits(daily_pictures=5, daily_budget="painter=7")
    assert both.quotas(ANN, HERE, "painter", 3) == [Quota("pictures:key:ann", 5, 3), Quota("budget:painter", 7, 3)]
    assert both.quotas(NOBODY, "2001:db8::1", "painter", 1)[0].name == "pictures:2001:db8::"
    assert limits(daily_budget="painter=7").quotas(ANN, HERE, "another", 3) == []
    assert limits().quotas(ANN, HERE, "painter", 10) == []
    assert both.quotas(ANN, HERE, "painter", 0) == []


def test_what_not_even_a_whole_day_has_room_for_is_bad_input_and_not_to_be_tried_again(limits: Make) -> None:
    with pytest.raises(Problem) as problem:
        limits(daily_pictures=5).quotas(ANN, HERE, "painter", 6)
    assert (problem.value.status, problem.value.errors[0]["field"], problem.value.headers) == (422, "count", {})


@pytest.mark.parametrize(
    ("error", "status", "limit", "seconds", "words"),
    [
        (QuotaSpent("pictures:key:ann", 3_000.2), 429, Limit.PICTURES, "3001", "at 00:00 UTC, in 51 minutes."),
        (QuotaSpent("pictures-of-address:::1", 60), 429, Limit.PICTURES, "60", "From one address may come 0 pictures"),
        (QuotaSpent("budget:painter", 80_000), 429, Limit.BUDGET, "80000", "painter has no room for this."),
        (QueueFull("portrait"), 503, Limit.QUEUE, "10", "10000 jobs of this kind wait already"),
    ],
)
def test_each_limit_has_a_type_a_sentence_and_a_time_of_its_own(
    limits: Make,
    counters: Counters,
    error: QuotaSpent | QueueFull,
    status: int,
    limit: Limit,
    seconds: str,
    words: str,
) -> None:
    problem = limits().reached(error)
    assert (problem.status, problem.type) == (status, f"urn:limner:limit:{limit}")
    assert problem.headers == {"Retry-After": seconds}
    assert words in problem.detail
    assert counters.limited == {limit: 1}


@pytest.mark.parametrize("budget", ["painter", "painter=0", "painter=-1", "nobody=5", "=5"])
def test_a_budget_that_would_be_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, budget: str) -> None:
    monkeypatch.setenv("LIMNER_DAILY_BUDGET", budget)
    with pytest.raises(SettingsError, match=r"^LIMNER_DAILY_BUDGET: "):
        load(ServerSettings)


PORTRAIT = {"description": "an elf"}


async def test_a_day_has_so_many_pictures_and_a_set_of_characters_takes_as_many_as_it_has(
    start: Callable[..., Server],
) -> None:
    server = start(daily_pictures=4, operator_key=OPERATOR_KEY)
    async with httpx.AsyncClient(base_url=server.url, verify=False) as browser:
        first = await browser.post("/portraits", json={**PORTRAIT, "id": new_job_id()})
        assert first.status_code == 202
        assert (await browser.post("/characters", json={"count": 3})).status_code == 202  # a session of its own by now
        spent = await browser.post("/characters", json={"count": 2})
        assert_problem(spent, 429, type="urn:limner:limit:pictures")
        assert 0 < int(spent.headers["retry-after"]) <= 86_400
        assert (await browser.post("/characters", json={"count": 1})).status_code == 202
        assert (await browser.post("/portraits", json=PORTRAIT)).status_code == 429
        assert_problem(await browser.post("/characters", json={"count": 5}), 422, fields=["count"])
        again = {**PORTRAIT, "id": first.json()["id"]}
        assert (await browser.post("/portraits", json=again)).status_code == 200
        as_operator = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        assert (await browser.post("/portraits", json=PORTRAIT, headers=as_operator)).status_code == 202
    async with httpx.AsyncClient(base_url=server.url, verify=False) as other:
        newcomers = [(await other.post("/portraits", json=PORTRAIT)).status_code for _ in range(2)]
    assert newcomers == [202, 202]
    assert await figure(server.url, 'limner_submissions_limited_total{limit="pictures"}', OPERATOR_KEY) == 2


async def test_who_throws_the_cookie_away_has_no_more_pictures_for_it(start: Callable[..., Server]) -> None:
    server = start(daily_pictures_per_address=3)

    async def posted() -> int:
        async with httpx.AsyncClient(base_url=server.url, verify=False) as newcomer:
            return (await newcomer.post("/characters", json={"count": 1})).status_code

    assert [await posted() for _ in range(2)] == [202, 202]
    async with httpx.AsyncClient(base_url=server.url, verify=False) as browser:
        assert_problem(await browser.post("/characters", json={"count": 2}), 429, type="urn:limner:limit:pictures")


async def test_of_a_paid_provider_all_together_may_ask_so_much_in_a_day_and_a_retry_counts(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start(daily_budget="painter=2")
    async with (
        httpx.AsyncClient(base_url=server.url, verify=False) as ann,
        httpx.AsyncClient(base_url=server.url, verify=False) as bob,
    ):
        job_id = JobId((await ann.post("/portraits", json=PORTRAIT)).json()["id"])
        assert (await bob.post("/portraits", json={**PORTRAIT, "provider": "painter"})).status_code == 202
        assert_problem(await bob.post("/portraits", json=PORTRAIT), 429, type="urn:limner:limit:budget")
        await own_player.begin(job_id)
        await own_player.fail(job_id)
        assert_problem(await ann.post(f"/jobs/{job_id}/retry"), 429, type="urn:limner:limit:budget")
        left = (await ann.post("/jobs/retry", json={})).json()
        assert (left["retried"], [entry["id"] for entry in left["left"]]) == ([], [job_id])
        assert "budget" in left["left"][0]["reason"]


async def test_a_queue_of_the_longest_length_takes_no_more_until_one_has_begun(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start(max_waiting=1)
    async with httpx.AsyncClient(base_url=server.url, verify=False) as browser:
        body = {**PORTRAIT, "id": new_job_id()}
        assert (await browser.post("/portraits", json=body)).status_code == 202
        full = await browser.post("/portraits", json=PORTRAIT)
        assert_problem(full, 503, type="urn:limner:limit:queue")
        assert int(full.headers["retry-after"]) > 0
        assert (await browser.post("/portraits", json=body)).status_code == 200
        await own_player.begin(JobId(body["id"]))
        assert (await browser.post("/portraits", json=PORTRAIT)).status_code == 202
        await own_player.fail(JobId(body["id"]))
        assert_problem(await browser.post(f"/jobs/{body['id']}/retry"), 503, type="urn:limner:limit:queue")
    assert await figure(server.url, 'limner_submissions_limited_total{limit="queue"}') == 2


async def test_who_submits_too_often_is_told_by_which_limit_and_a_proxy_that_is_trusted_names_the_address(
    start: Callable[..., Server],
) -> None:
    server = start(
        max_submissions=2, max_submissions_per_address=4, submissions_seconds=600_000, trusted_proxies="127.0.0.1"
    )
    async with (
        httpx.AsyncClient(base_url=server.url, headers={"X-Forwarded-For": HERE}, verify=False) as ann,
        httpx.AsyncClient(base_url=server.url, headers={"X-Forwarded-For": HERE}, verify=False) as bob,
        httpx.AsyncClient(base_url=server.url, headers={"X-Forwarded-For": THERE}, verify=False) as far,
    ):
        answers = [await ann.post("/portraits", json=PORTRAIT) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]  # the first one began the session
        assert_problem(answers[-1], 429, type="urn:limner:limit:owner")
        assert_problem(await ann.post("/portraits", json={}), 422, fields=["body"])
        assert (await bob.post("/portraits", json=PORTRAIT)).status_code == 202
        crowded = await bob.post("/portraits", json=PORTRAIT)
        assert_problem(crowded, 429, type="urn:limner:limit:address")
        assert int(crowded.headers["retry-after"]) > 0
        assert (await far.post("/portraits", json=PORTRAIT)).status_code == 202
        retry = await bob.post(f"/jobs/{new_job_id()}/retry")
        assert_problem(retry, 429, type="urn:limner:limit:address")


async def test_while_redis_is_away_nobody_is_let_past_the_limits(start: Callable[..., Server], redis_url: str) -> None:
    proxy, url = redis_proxy(redis_url)
    with proxy:
        server = start(redis_url=url)
        proxy.cut()
        async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=False) as browser:
            answer = await browser.post("/portraits", json=PORTRAIT)
            assert_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        assert await figure(server.url, 'limner_submissions_refused_total{reason="away"}') == 1
