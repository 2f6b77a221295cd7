import asyncio
import itertools
import random
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from pydantic import SecretStr

from jobs.errors import Unavailable
from jobs.providers.download import Refused
from jobs.providers.http import Call, Http, NotSent, OutcomeUnknown, Pace, retry_after
from tests.support.http_server import Answer, Cut, HttpServer, Request, as_json

pytestmark = pytest.mark.timeout(30)

KEY = "r8_a-token-nobody-may-see"
FAST = Pace(first=0.01, most=0.02)

Start = Callable[..., AbstractAsyncContextManager[HttpServer]]


def http(**changes: object) -> Http:
    return Http(SecretStr(KEY), **{"pace": FAST, "base_url": "http://127.0.0.1", "silence": 10.0, **changes})  # type: ignore[arg-type]


def answering(*answers: Answer | type[Cut]) -> HttpServer:
    """A server that gives these answers, one after the other, and the last for ever."""
    left = itertools.chain(answers, itertools.repeat(answers[-1]))

    async def answer(request: Request) -> Answer:
        given = next(left)
        if isinstance(given, Answer):
            return given
        raise given

    return HttpServer(answer)


async def test_an_answer_is_given_as_it_came(caplog: pytest.LogCaptureFixture) -> None:
    async with answering(as_json({"id": "x"}, 201, {"X-Given": "1"})) as server, http() as driver:
        reply = await driver.once(Call("POST", f"{server.url}/v1", {"input": 1}, {"Cancel-After": "5s"}))

    assert (reply.status, reply.json, reply.headers["x-given"]) == (201, {"id": "x"}, "1")
    [request] = server.seen
    assert (request.method, request.path, request.json) == ("POST", "/v1", {"input": 1})
    assert request.headers["cancel-after"] == "5s"
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [301, 400, 401, 402, 404, 422, 429])
async def test_a_refusal_is_an_answer(status: int) -> None:
    async with answering(Answer(status, headers={"Location": "/elsewhere"})) as server, http() as driver:
        reply = await driver.once(Call("POST", server.url, {}))

    assert (reply.status, reply.json, len(server.seen)) == (status, None, 1)


@pytest.mark.parametrize("fault", [Cut, Answer(500), Answer(502), Answer(408), Answer(201, b"{", length=100)])
async def test_what_may_have_been_carried_out_is_unknown_and_not_sent_again(fault: Answer | type[Cut]) -> None:
    async with answering(fault) as server, http(silence=0.2) as driver:
        with pytest.raises(OutcomeUnknown):
            await driver.once(Call("POST", server.url, {}))

        assert len(server.seen) == 1


async def test_an_answer_that_does_not_come_leaves_the_outcome_unknown() -> None:
    async def never(request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async with HttpServer(never) as server, http(silence=0.1) as driver:
        with pytest.raises(OutcomeUnknown):
            await driver.once(Call("POST", server.url, {}))

        assert len(server.seen) == 1


async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as taken:  # bound, and never listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        async with http() as driver:
            with pytest.raises(NotSent):
                await driver.once(Call("POST", f"http://127.0.0.1:{taken.getsockname()[1]}", {}))


async def test_what_costs_money_goes_over_a_connection_of_its_own() -> None:
    """One that was kept may have been closed at the other end, and then nobody could tell what became of it."""
    async with answering(Answer()) as server, http() as driver:
        await driver.ask(Call("GET", server.url))
        await driver.ask(Call("GET", server.url))
        await driver.once(Call("POST", server.url, {}))
        await driver.once(Call("POST", server.url, {}))

    assert [request.number for request in server.seen] == [1, 2, 1, 1]


async def test_a_question_is_asked_again_until_it_is_answered() -> None:
    faults = Answer(503), Cut, Answer(429, headers={"Retry-After": "0"}), Answer(408), Answer(200, b"{", length=9)
    async with answering(*faults, as_json({"status": "succeeded"})) as server, http(silence=0.2) as driver:
        reply = await driver.ask(Call("GET", server.url))

    assert (reply.json, len(server.seen)) == ({"status": "succeeded"}, 6)


async def test_a_question_is_not_asked_before_the_time_that_was_named() -> None:
    async with answering(Answer(429, headers={"Retry-After": "30"})) as server, http() as driver:
        with pytest.raises(Unavailable):  # it would be answered too late
            await driver.ask(Call("GET", server.url), patience=20)

        assert len(server.seen) == 1


@pytest.mark.parametrize("status", [200, 301, 401, 404, 422])
async def test_any_other_answer_to_a_question_is_given(status: int) -> None:
    async with answering(Answer(status, headers={"Location": "/"})) as server, http() as driver:
        assert (await driver.ask(Call("GET", server.url))).status == status

        assert len(server.seen) == 1


async def test_patience_ends_and_what_is_said_then_holds_no_key() -> None:
    async with answering(Answer(500, f"who is {KEY}?\n\n".encode())) as server, http() as driver:
        with pytest.raises(Unavailable) as failed:
            await driver.ask(Call("GET", server.url), patience=0.1)

        assert len(server.seen) > 1
    assert failed.value.detail is not None
    assert "who is ***?" in failed.value.detail
    assert KEY not in failed.value.detail


async def test_a_reply_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(Answer(201, b"x" * 16_000_001)) as server, http() as driver:
        with pytest.raises(OutcomeUnknown, match="more than 16000000 bytes"):
            await driver.once(Call("POST", server.url, {}))


async def test_a_result_is_fetched_without_the_key_and_again_where_that_may_help() -> None:
    async with answering(Answer(503), Cut, Answer(200, b"pixels")) as server, http() as driver:
        assert await driver.fetch(f"{server.url}/out/1") == b"pixels"

    assert len(server.seen) == 3
    assert all("authorization" not in request.headers for request in server.seen)


async def test_a_result_that_is_refused_is_not_asked_for_again() -> None:
    async with answering(Answer(404)) as server, http() as driver:
        with pytest.raises(Refused):
            await driver.fetch(server.url)

        assert len(server.seen) == 1


@pytest.mark.parametrize(
    "base", ["http://painter.example", "https://localhost:8443", "https://[::1]/", "https://127.0.0.2"]
)
async def test_results_of_a_provider_of_ones_own_are_fetched_from_anywhere(base: str) -> None:
    async with answering(Answer(200, b"pixels")) as server, http(base_url=base) as driver:
        assert await driver.fetch(server.url) == b"pixels"


@pytest.mark.parametrize("base", ["https://api.replicate.com", "https://localhost.example", "https://10.0.0.1"])
async def test_results_of_a_public_provider_are_not_fetched_from_here(base: str) -> None:
    async with answering(Answer(200, b"pixels")) as server, http(base_url=base) as driver:
        with pytest.raises(Refused, match="without TLS"):
            await driver.fetch(server.url)
        with pytest.raises(Refused, match="not public"):
            await driver.fetch(server.url.replace("http:", "https:"))

    assert server.seen == []


def test_pauses_grow_to_their_limit_and_are_spread() -> None:
    longest = itertools.islice(Pace(1, 5, factor=2).pauses(lambda least, most: most), 5)
    assert list(longest) == [1, 2, 4, 5, 5]

    chance = random.Random(1)
    spread = list(itertools.islice(Pace(1, 1).pauses(chance.uniform), 100))
    assert all(0.5 <= pause <= 1 for pause in spread)
    assert max(spread) - min(spread) > 0.3


def test_retry_after_is_read_in_each_of_its_forms() -> None:
    assert retry_after(httpx.Headers({"Retry-After-Ms": "1500", "Retry-After": "2"})) == 1.5
    assert retry_after(httpx.Headers({"Retry-After": "2.5"})) == 2.5
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1))
    assert retry_after(httpx.Headers({"Retry-After": past})) == 0.0
    future = retry_after(httpx.Headers({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1))}))
    assert future is not None
    assert 3_500 < future <= 3_600
    assert retry_after(httpx.Headers({"Retry-After": "soon"})) is None
    assert retry_after(httpx.Headers()) is None
