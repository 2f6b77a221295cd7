"""Whatever a stranger sends: no 500, no line of an error in the log, and the hub still works."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from storage.records.ids import new_job_id
from tests.server.conftest import lines_of
from tests.server.support.arbitrary import ANYTHING, GENTLE
from tests.server.support.client import client
from tests.server.support.player import Player
from tests.support.limner import Server

ID = str(new_job_id())
FIELDS = [
    "count",
    "theme",
    "seed",
    "id",
    "metadata",
    "description",
    "character",
    "subject",
    "size",
    "format",
    "provider",
    "webhook",
    "priority",
]
nearly = st.dictionaries(
    st.sampled_from(FIELDS),
    ANYTHING | st.sampled_from([1, 3, "an elf", ID, "640x640", "png", {}, {"name": "a", "race": "b", "class": "c"}]),
    max_size=6,
)
message = st.fixed_dictionaries(
    {"type": st.sampled_from(["subscribe", "unsubscribe", "ping"]) | ANYTHING},
    optional={
        "jobs": st.dictionaries(st.just(ID) | st.text(max_size=5), st.integers(-1, 10**17) | ANYTHING, max_size=3)
        | st.lists(st.just(ID) | ANYTHING, max_size=3)
    },
)
header = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30).map(
    str.strip
)


@pytest.fixture(autouse=True)
def unharmed(edge: Server) -> Iterator[None]:
    yield
    assert edge.running
    assert lines_of(edge, "error", "critical") == []


@pytest.fixture
def caller(edge: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edge.url, timeout=30, verify=False) as client:
        yield client


async def still_works(edge: Server, player: Player) -> None:
    done = await player.finished()
    async with client(edge.ws_url, done.id) as socket:
        await socket.until_status(done.id, "succeeded")
        await socket.until_type("subscribed")


@GENTLE
@given(body=ANYTHING | nearly)
@pytest.mark.parametrize("path", ["/characters", "/portraits"])
def test_arbitrary_json_in_a_submission_is_answered(caller: httpx.Client, path: str, body: object) -> None:
    answer = caller.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 202, 400, 409, 413, 422), answer.text
    if answer.status_code < 300:
        assert caller.get(answer.headers["location"]).status_code == 200


@GENTLE
@given(body=st.binary(max_size=200))
@pytest.mark.parametrize("path", ["/characters", "/portraits", f"/jobs/{ID}/cancel", f"/jobs/{ID}/retry"])
def test_arbitrary_bytes_in_a_body_are_answered(caller: httpx.Client, path: str, body: bytes) -> None:
    answer = caller.post(path, content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text


@GENTLE
@given(
    query=st.lists(st.tuples(st.sampled_from(["id", "active", "v", "job", ""]), st.text(max_size=20)), max_size=4),
    headers=st.dictionaries(
        st.sampled_from(["If-None-Match", "Prefer", "Authorization", "Cookie", "Origin", "Accept", "X-Forwarded-For"]),
        header | st.sampled_from(['"1"', "*", "wait=0", "Bearer x", "limner_session=x", "null"]),
        max_size=4,
    ),
)
@pytest.mark.parametrize("path", ["/jobs", f"/jobs/{ID}", f"/temp-portraits/{ID}", f"/temp-portraits/{ID}/image", "/"])
def test_arbitrary_queries_and_headers_are_answered(
    caller: httpx.Client, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    latin = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    answer = caller.get(path, params=httpx.QueryParams([*query]), headers=latin)
    assert answer.status_code < 500, answer.text


@GENTLE
@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_arbitrary_paths_are_answered(caller: httpx.Client, path: str) -> None:
    escaped = "".join(f"%{byte:02X}" for byte in path.encode())
    url = caller.base_url.copy_with(raw_path=f"/{escaped}".encode())
    assert caller.get(url).status_code in (200, 307, 404, 405, 422)


async def test_arbitrary_messages_neither_break_the_hub_nor_go_unanswered(edge: Server, player: Player) -> None:
    @settings(GENTLE, max_examples=60)
    @given(texts=st.lists(st.text(max_size=40) | message.map(json.dumps) | ANYTHING.map(json.dumps), max_size=12))
    def say(texts: list[str]) -> None:
        asyncio.run_coroutine_threadsafe(_talk(edge, [text.encode(errors="replace") for text in texts]), loop).result()

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(say)
    await still_works(edge, player)


async def test_arbitrary_bytes_in_messages_do_not_break_the_hub(edge: Server, player: Player) -> None:
    @settings(GENTLE, max_examples=60)
    @given(messages=st.lists(st.binary(max_size=200), min_size=1, max_size=5))
    def say(messages: list[bytes]) -> None:
        asyncio.run_coroutine_threadsafe(_talk(edge, messages), loop).result()

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(say)
    await still_works(edge, player)


async def _talk(edge: Server, messages: list[bytes]) -> None:
    """Send text messages made of these bytes, then ask for a pong: it comes, or the socket was closed with a reason."""
    async with client(edge.ws_url) as socket:
        try:
            for data in messages:
                await socket.connection.send(data, text=True)
            await socket.say(type="ping")
            await socket.until_type("pong")
        except ConnectionClosed as closed:
            end = closed
        else:
            return
    assert end.rcvd is not None
    assert end.rcvd.code in (1007, 4501)
