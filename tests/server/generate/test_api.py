import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from server.generate.address import Address
from server.generate.api import Api
from server.generate.errors import NotLimner, Refused
from server.generate.messages import Missing, SeenJob
from storage.records.ids import JobId
from storage.records.job import Status
from tests.server.generate.scripted import Answer, problem, scripted

ID = JobId("0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55")
JOB = json.dumps({"id": ID, "version": 3, "status": "queued"}).encode()


@asynccontextmanager
async def api_of(url: str, key: str = "") -> AsyncIterator[Api]:
    async with httpx.AsyncClient(verify=False) as http:
        yield Api(http, Address(url), key)


def painted(url: str) -> SeenJob:
    result = {"url": url, "content_type": "image/png", "width": 1, "height": 1, "bytes": 3}
    return SeenJob(id=ID, version=9, status=Status.SUCCEEDED, result=result)


@pytest.mark.parametrize(
    "fault",
    [Answer(0), Answer(502), Answer(503, headers={"Retry-After": "0"}), Answer(429)],
    ids=lambda fault: fault.status,
)
async def test_a_submission_is_repeated_word_for_word_until_it_is_answered(fault: Answer) -> None:
    with scripted(fault, fault, Answer(202, JOB)) as server:
        async with api_of(server.url) as api:
            job = await api.submit({"id": ID, "count": 3})
    assert (job.id, job.version) == (ID, 3)
    assert [asked.path for asked in server.asked] == ["/characters"] * 3
    assert {asked.body for asked in server.asked} == {server.asked[0].body}
    assert json.loads(server.asked[0].body) == {"id": ID, "count": 3}


async def test_a_refusal_is_not_repeated_and_gives_the_servers_reason() -> None:
    with scripted(problem(422, "theme: must be shorter")) as server:
        async with api_of(server.url) as api:
            with pytest.raises(Refused, match=r"^The server refuses: theme: must be shorter$"):
                await api.submit({"id": ID})
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [Answer(404, b"<html>"), Answer(200, b"<html>"), Answer(200, b"[]"), Answer(301)])
async def test_what_answers_otherwise_is_not_limner(answer: Answer) -> None:
    with scripted(answer) as server:
        async with api_of(server.url) as api:
            with pytest.raises(NotLimner, match=f"^What answers at {server.url}/ is not Limner"):
                await api.submit({"id": ID})


async def test_the_server_sees_the_key_and_no_other_server_does() -> None:
    with scripted(Answer(200, b"png")) as bucket, scripted(Answer(202, JOB), Answer(200, b"gnp")) as server:
        async with api_of(server.url, "secret") as api:
            await api.submit({"id": ID})
            assert await api.picture(painted("/temp-portraits/1/image?v=9")) == ("image/png", b"gnp")
            assert await api.picture(painted(f"{bucket.url}/1.png")) == ("image/png", b"png")
    assert [asked.headers.get("authorization") for asked in server.asked] == ["Bearer secret"] * 2
    assert server.asked[1].path == "/temp-portraits/1/image?v=9"
    assert "authorization" not in bucket.asked[0].headers


async def test_a_picture_that_is_gone_has_a_reason() -> None:
    with scripted(problem(410, "This job is no longer kept.")) as server:
        async with api_of(server.url) as api:
            with pytest.raises(Refused, match="This job is no longer kept"):
                await api.picture(painted("/1"))


async def test_a_poll_brings_what_there_is_and_the_next_one_asks_only_for_news() -> None:
    body = json.dumps({"jobs": [], "unknown": [ID], "expired": []}).encode()
    with scripted(Answer(200, body, {"ETag": '"7"', "Retry-After": "3"}), Answer(304)) as server:
        async with api_of(server.url) as api:
            first = await api.poll([ID], None, 20.0)
            second = await api.poll([ID], first.etag, 20.9)
    assert (first.messages, first.retry_after) == ([Missing(ID, expired=False)], 3.0)
    assert (second.messages, second.etag) == ([], '"7"')
    assert [asked.path for asked in server.asked] == [f"/jobs?id={ID}"] * 2
    assert "prefer" not in server.asked[0].headers
    assert server.asked[1].headers["if-none-match"] == '"7"'
    assert server.asked[1].headers["prefer"] == "wait=20"


async def test_a_limit_that_ends_too_late_to_wait_for_is_said_in_the_servers_words() -> None:
    spent = Answer(429, b'{"detail": "The next day begins in 5 hours."}', {"Retry-After": "18000"})
    with scripted(spent) as server:
        async with api_of(server.url) as api:
            with pytest.raises(Refused, match="The next day begins in 5 hours"):
                await api.submit({"id": ID})
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [Answer(0), Answer(503)])
async def test_a_poll_without_an_answer_is_left_to_the_caller(answer: Answer) -> None:
    with scripted(answer) as server:
        async with api_of(server.url) as api:
            with pytest.raises(httpx.TransportError):
                await api.poll([ID], None, 0)


async def test_the_servers_clock_is_the_one_that_counts() -> None:
    an_hour_ahead = datetime.now(UTC) + timedelta(hours=1)
    answer = Answer(202, JOB, {"Date": format_datetime(an_hour_ahead, usegmt=True)})
    with scripted(answer) as server:
        async with api_of(server.url) as api:
            await api.submit({"id": ID})
            assert abs(api.now - an_hour_ahead) < timedelta(minutes=1)
