"""What becomes of it when the endpoint refuses, fails, falls silent or is not there."""

import asyncio
import traceback

import httpx
import pytest
from pydantic import SecretStr

from jobs.errors import JobFailure, Moderated, RateLimited, Rejected, TimedOut, Unavailable
from jobs.providers.chat import Chat
from storage.records.character import Character
from tests.jobs.providers.chatting import KEY, as_json, chat, wanting, written_until_it_fails
from tests.support.chat_server import Answer, ChatServer


async def test_a_server_that_denies_everything_is_the_operators_matter(client: httpx.AsyncClient) -> None:
    denied = Answer(status=400, error={"message": "model m has gone"})
    async with ChatServer(denied, denied) as server:
        _, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert isinstance(failure, Rejected)
    assert "model m has gone" in (failure.detail or "")


async def test_two_useless_answers_are_enough(client: httpx.AsyncClient, cast: list[Character]) -> None:
    async with ChatServer(Answer(as_json(cast[0])), Answer("{} is all I can say")) as server:
        got, failure = await written_until_it_fails(chat(server, client), wanting(3))
    assert got == [cast[0]]
    assert isinstance(failure, Unavailable)
    assert failure.retryable


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_is_final_and_not_asked_again(client: httpx.AsyncClient, stream: bool) -> None:
    async with ChatServer(Answer(refusal="I can't help with that.", stream=stream)) as server:
        _, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert isinstance(failure, Moderated)
    assert failure.detail == "I can't help with that."
    assert len(server.requests) == 1


async def test_a_content_filter_ends_it_and_what_was_written_is_kept(
    client: httpx.AsyncClient, cast: list[Character]
) -> None:
    async with ChatServer(Answer(as_json(*cast[:2])[:-40], finish_reason="content_filter")) as server:
        got, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert got == [cast[0]]
    assert isinstance(failure, Moderated)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "content_filter", "message": "the prompt was filtered"}, Moderated),
        (401, {"message": "Incorrect API key provided"}, Rejected),
        (402, {"message": "pay first"}, Rejected),
        (403, {"message": "not in your country"}, Rejected),
        (404, {"code": "model_not_found", "message": "no such model"}, Rejected),
        (429, {"code": "insufficient_quota", "message": "You exceeded your current quota"}, Rejected),
        (429, {"type": "insufficient_quota", "message": "You exceeded your current quota"}, Rejected),
        (500, {"message": "oops"}, Unavailable),
        (503, {"message": "overloaded"}, Unavailable),
    ],
)
async def test_an_error_is_told_as_what_it_is_and_not_asked_again(
    client: httpx.AsyncClient, status: int, error: dict[str, str], kind: type[JobFailure]
) -> None:
    async with ChatServer(Answer(status=status, error=error)) as server:
        _, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert type(failure) is kind
    assert error["message"] in (failure.detail or "")
    assert error["message"] not in failure.message
    assert len(server.requests) == 1


async def test_a_rate_limit_says_how_long_to_wait(client: httpx.AsyncClient) -> None:
    limited = Answer(status=429, error={"code": "rate_limit_exceeded"}, headers={"Retry-After": "7"})
    async with ChatServer(limited) as server:
        _, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert isinstance(failure, RateLimited)
    assert failure.retry_after == 7.0


async def test_a_connection_cut_in_the_middle_keeps_what_came_before(
    client: httpx.AsyncClient, cast: list[Character]
) -> None:
    text = as_json(*cast[:2])
    async with ChatServer(Answer(text, cut_after=len(text) - 50)) as server:
        got, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert got == [cast[0]]
    assert isinstance(failure, Unavailable)
    assert len(server.requests) == 1


async def test_a_stream_that_just_ends_is_a_cut_one(client: httpx.AsyncClient, cast: list[Character]) -> None:
    async with ChatServer(Answer(as_json(*cast[:2])[:-50], finish_reason=None)) as server:
        got, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert got == [cast[0]]
    assert isinstance(failure, Unavailable)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "backend died"}, Unavailable),
        ({"code": "rate_limit_exceeded", "message": "slow down"}, RateLimited),
    ],
)
async def test_an_error_in_the_middle_of_a_stream_is_told_as_what_it_is(
    client: httpx.AsyncClient, cast: list[Character], error: dict[str, str], kind: type[JobFailure]
) -> None:
    async with ChatServer(Answer(as_json(*cast[:2])[:-50], mid_error=error)) as server:
        got, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert got == [cast[0]]
    assert type(failure) is kind


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "application/json"}, {"Content-Type": "text/event-stream"}, {"Content-Type": "text/html"}],
)
@pytest.mark.parametrize("raw", [b"<h1>Welcome</h1>", b"data: {]\n\n", b"null", b"data: 7\n\n", b'{"choices": 7}', b""])
async def test_a_server_of_another_kind_is_unavailable(
    client: httpx.AsyncClient, raw: bytes, headers: dict[str, str]
) -> None:
    async with ChatServer(Answer(raw=raw, headers=headers)) as server:
        _, failure = await written_until_it_fails(chat(server, client), wanting(2))
    assert isinstance(failure, Unavailable)


async def test_a_server_that_is_not_there_is_unavailable(client: httpx.AsyncClient) -> None:
    async with ChatServer() as server:
        provider = chat(server, client)
    _, failure = await written_until_it_fails(provider, wanting(2))
    assert isinstance(failure, Unavailable)


@pytest.mark.parametrize("times", [{"silence": 0.05}, {"patience": 0.05}])
async def test_a_server_that_falls_silent_is_given_up(
    client: httpx.AsyncClient, cast: list[Character], times: dict[str, float]
) -> None:
    async with ChatServer(Answer(as_json(*cast[:2]), gate_after=30, gate=asyncio.Event())) as server:
        got, failure = await written_until_it_fails(chat(server, client, **times), wanting(2))
    assert got == []
    assert isinstance(failure, TimedOut)


@pytest.mark.parametrize("status", [401, 400, 500])
async def test_the_key_is_in_no_failure_even_where_the_server_repeats_it(
    client: httpx.AsyncClient, status: int
) -> None:
    echo = Answer(status=status, error={"message": f"Incorrect API key provided: {KEY}"})
    async with ChatServer(echo, echo) as server:
        provider = Chat(client, base_url=server.base_url, model="m", api_key=SecretStr(KEY))
        _, failure = await written_until_it_fails(provider, wanting(2))
    assert "Incorrect API key provided: ***" in (failure.detail or "")
    told = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert KEY not in told
    assert KEY not in repr(provider) + repr(vars(provider)) + repr(failure) + str(failure.error())


async def test_the_key_is_in_no_failure_of_the_connection(client: httpx.AsyncClient) -> None:
    async with ChatServer(Answer(cut_after=0)) as server:
        provider = chat(server, client)
        _, cut = await written_until_it_fails(provider, wanting(2))
    _, refused = await written_until_it_fails(provider, wanting(2))
    for failure in (cut, refused):
        assert KEY not in "".join(traceback.format_exception(failure))


@pytest.mark.parametrize("base_url", ["", "api.example.com/v1", "ftp://example.com", "https://"])
def test_an_address_that_is_none_is_refused_at_once(client: httpx.AsyncClient, base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Chat(client, base_url=base_url, model="m", api_key=KEY)


@pytest.mark.parametrize("key", ["two words", "line\n", "ключ"])
def test_a_key_that_no_header_can_carry_is_refused_at_once_and_not_repeated(
    client: httpx.AsyncClient, key: str
) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        Chat(client, base_url="http://127.0.0.1/v1", model="m", api_key=key)
    assert key not in str(caught.value)
