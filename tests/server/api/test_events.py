"""`GET /events`: what is answered to whom, and how it is written."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from storage.records.ids import new_job_id
from tests.server.conftest import ALLOWED_ORIGIN
from tests.server.support.client import client
from tests.server.support.figures import figure, until_figure
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server

DEADLINE_SECONDS = 20.0


class Reader:
    """Reads a stream as it is written: blocks, each without the empty line after it."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._chunks = answer.aiter_raw()
        self._rest = b""

    async def block(self) -> str:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while b"\n\n" not in self._rest:
                self._rest += await anext(self._chunks)
        block, self._rest = self._rest.split(b"\n\n", 1)
        return block.decode()

    async def until(self, event: str) -> Any:
        """The data of the next event of this name."""
        while not (block := await self.block()).startswith(f"event: {event}\n"):
            pass
        return json.loads(block.partition("\ndata: ")[2])

    async def end(self) -> None:
        """Read up to the end of the response. Raises httpx.RemoteProtocolError if it was cut off before."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            async for _ in self._chunks:
                pass


@asynccontextmanager
async def stream(url: str, *job_ids: str, **headers: str) -> AsyncIterator[Reader]:
    async with (
        httpx.AsyncClient(base_url=url, timeout=DEADLINE_SECONDS, verify=False) as http,
        http.stream("GET", "/events", params={"job": list(job_ids)}, headers=headers) as answer,
    ):
        yield Reader(answer)


async def test_a_stream_says_when_to_come_back_greets_and_tells_every_state(edge: Server, player: Player) -> None:
    running, nowhere = await player.running(), new_job_id()
    async with stream(edge.url, running, nowhere) as reader:
        retry, event, data = (await reader.block()).split("\n")
        assert 1_000 <= int(retry.removeprefix("retry: ")) <= 5_000
        assert (event, json.loads(data.removeprefix("data: "))) == (
            "event: hello",
            {"ping_interval_ms": 25_000, "retry_window_ms": 5_000, "max_jobs": 256},
        )
        told = {await reader.block(), await reader.block()}
        record = (await player.job(running)).model_dump_json()
        assert told == {
            f"event: job\ndata: {record}",
            f'event: unknown\ndata: {{"job":"{nowhere}","expired":false}}',
        }
        assert await reader.until("subscribed") == {"jobs": [running, nowhere]}
        done = await player.succeed(running)
        assert await reader.until("job") == done.model_dump(mode="json")


async def test_a_stream_is_kept_by_nobody_on_the_way(edge: Server, player: Player) -> None:
    async with stream(
        edge.url, await player.running(), **{"Accept-Encoding": "gzip", "Accept": "application/json"}
    ) as reader:
        headers = reader.answer.headers
    assert (reader.answer.status_code, headers["content-type"]) == (200, "text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
    assert "content-encoding" not in headers


async def test_a_head_has_the_headers_and_an_end(http: httpx.AsyncClient, player: Player) -> None:
    answer = await http.head("/events", params={"job": await player.running()})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")


@pytest.mark.parametrize("query", ["", "job=", "job=nonsense", f"job={new_job_id()}&job=nonsense"])
async def test_a_stream_of_nothing_or_of_what_is_no_id_is_refused_before_it_begins(
    http: httpx.AsyncClient, query: str
) -> None:
    assert_problem(await http.get(f"/events?{query}"), 422, fields=["job"])


async def test_256_jobs_may_be_asked_for_and_no_more(edge: Server, http: httpx.AsyncClient) -> None:
    ids = [new_job_id() for _ in range(257)]
    assert_problem(await http.get("/events", params={"job": ids}), 422, fields=["job"])
    async with stream(edge.url, *ids[:256]) as reader:
        assert await reader.until("subscribed") == {"jobs": ids[:256]}


async def test_an_id_that_is_named_twice_is_told_of_once(edge: Server, player: Player) -> None:
    job_id = await player.running()
    async with stream(edge.url, job_id, job_id.upper()) as reader:
        await reader.until("job")
        assert await reader.block() == f'event: subscribed\ndata: {{"jobs":["{job_id}"]}}'


async def test_a_page_of_a_listed_origin_may_read_a_stream_and_another_may_not(edge: Server, player: Player) -> None:
    job_id = await player.running()
    async with stream(edge.url, job_id, Origin=ALLOWED_ORIGIN) as reader:
        assert reader.answer.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
    async with stream(edge.url, job_id, Origin="https://evil.example") as reader:
        assert "access-control-allow-origin" not in reader.answer.headers


async def test_curl_sees_a_portrait_arrive(edge: Server, player: Player) -> None:
    if (curl := shutil.which("curl")) is None:
        pytest.skip("curl is not installed")
    job_id = await player.running()
    process = await asyncio.create_subprocess_exec(
        curl, "-sN", f"{edge.url}/events?job={job_id}", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (await process.stdout.readline()).startswith(b"event: subscribed"):
                pass
            await player.succeed(job_id)
            while (line := await process.stdout.readline()) != b"event: job\n":
                assert line
            assert json.loads((await process.stdout.readline()).removeprefix(b"data: "))["status"] == "succeeded"
    finally:
        process.kill()
        await process.wait()


async def test_a_stream_takes_a_place_and_gives_it_back(start: Callable[..., Server]) -> None:
    server = start(max_connections=1)
    async with stream(server.url, new_job_id()) as reader:
        await reader.until("subscribed")
        assert await figure(server.url, 'limner_connections{transport="events"}') == 1
        async with stream(server.url, new_job_id()) as refused:
            await refused.answer.aread()
            assert_problem(refused.answer, 503)
            assert int(refused.answer.headers["retry-after"]) > 0
    await until_figure(server.url, 'limner_connections{transport="events"}', 0)
    async with stream(server.url, new_job_id()) as reader:
        await reader.until("subscribed")
    assert await figure(server.url, 'limner_connections_refused_total{reason="full"}') == 1
    assert await figure(server.url, 'limner_connections_accepted_total{transport="events"}') == 2


async def test_one_address_may_not_have_all_places(start: Callable[..., Server]) -> None:
    server = start(max_connections_per_address=2)
    async with stream(server.url, new_job_id()) as reader, client(server.ws_url) as socket:
        await reader.until("subscribed")
        await socket.next()
        async with stream(server.url, new_job_id()) as refused:
            await refused.answer.aread()
            assert_problem(refused.answer, 429)
            assert int(refused.answer.headers["retry-after"]) > 0
    assert await figure(server.url, 'limner_connections_refused_total{reason="crowded"}') == 1
