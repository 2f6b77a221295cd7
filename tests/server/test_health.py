"""What an orchestrator asks: whether the process lives, and whether it can deliver."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from server.app import create_app
from server.hub.drain import Drain
from server.settings import ServerSettings
from tests.server.support.gates import GatedLine, gated_line
from tests.server.support.problems import assert_problem
from tests.support.listening import eventually


@pytest.fixture
async def line(redis_url: str) -> AsyncIterator[GatedLine]:
    async with gated_line(redis_url) as line:
        yield line


@pytest.fixture
def app(line: GatedLine, prefix: str) -> Starlette:
    return create_app(
        ServerSettings(redis_url=SecretStr(line.url), redis_prefix=prefix, probe_seconds=0.05, probe_answer_seconds=0.2)
    )


@pytest.fixture
async def drain(app: Starlette) -> AsyncIterator[Drain]:
    """The drain of the app, which runs."""
    async with app.router.lifespan_context(app) as state:
        drain = state["drain"] if state is not None else None
        assert isinstance(drain, Drain)
        yield drain


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:8000") as http:
        yield http


async def until_ready_answers(http: httpx.AsyncClient, status: int) -> httpx.Response:
    async def answers() -> bool:
        return (await http.get("/ready")).status_code == status

    await eventually(answers)
    return await http.get("/ready")


async def test_a_server_whose_events_come_in_is_ready(drain: Drain, http: httpx.AsyncClient) -> None:
    assert (await until_ready_answers(http, 200)).json() == {"status": "ready"}


async def test_a_server_whose_probes_do_not_come_back_is_alive_and_not_ready(
    drain: Drain, http: httpx.AsyncClient, line: GatedLine
) -> None:
    await until_ready_answers(http, 200)
    silence = line.hold(b"probe:")
    problem = await until_ready_answers(http, 503)
    assert_problem(problem, 503)
    assert int(problem.headers["retry-after"]) > 0
    assert (await http.get("/health")).status_code == 200
    silence.open()
    await until_ready_answers(http, 200)


async def test_a_server_that_stops_is_alive_and_not_ready(drain: Drain, http: httpx.AsyncClient) -> None:
    await until_ready_answers(http, 200)
    await drain.run(0)
    assert_problem(await http.get("/ready"), 503)
    assert (await http.get("/health")).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "subscribing",
        "unsubscribing",
        "snapshots",
        "probe",
        "backstop",
        "care",
        "sockets' clock",
        "event streams' clock",
        "metrics",
    ],
)
async def test_a_server_of_which_a_part_has_ended_is_alive_and_not_ready(
    drain: Drain, http: httpx.AsyncClient, name: str
) -> None:
    await until_ready_answers(http, 200)
    (part,) = (task for task in asyncio.all_tasks() if task.get_name() == name)
    part.cancel()
    await asyncio.wait([part])
    problem = await http.get("/ready")
    assert_problem(problem, 503)
    assert int(problem.headers["retry-after"]) > 0
    assert (await http.get("/health")).status_code == 200
