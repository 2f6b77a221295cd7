"""A worker is killed, or Valkey restarted, while three characters are painted; in the end all is as it should be.

Leases and renewals are at a tenth of their usual length. What is waited for is a state or a line of a log.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from storage.embedded import running
from tests.support.limner import Server, Worker
from tests.support.watching import Watching, watching

pytestmark = pytest.mark.system

COUNT = 3
TENTH = {"LIMNER_LEASE_SECONDS": "1", "LIMNER_RENEW_SECONDS": "0.3", "LIMNER_SWEEP_SECONDS": "0.1"}


@pytest.fixture
def slow(environment: dict[str, str]) -> dict[str, str]:
    """Paints slowly enough for something to happen meanwhile."""
    return {**environment, **TENTH, "LIMNER_PAINTER_SECONDS": "1.5"}


@pytest.fixture
def one_server(slow: dict[str, str]) -> Iterator[Server]:
    with Server(slow) as server:
        yield server


@pytest.fixture
async def client(one_server: Server) -> AsyncIterator[Watching]:
    async with watching(one_server.ws_url) as client:
        yield client


async def generate(server: Server, client: Watching) -> tuple[str, list[str]]:
    """Ask for characters; answers the set's id and the portraits' ids, as they stand when the text is written."""
    async with httpx.AsyncClient(verify=False) as http:
        answer = await http.post(f"{server.url}/characters", json={"count": COUNT, "seed": 7})
    assert answer.status_code == 202
    written = await client.until_final(answer.json()["id"])
    return written["id"], portraits_of(written)


def portraits_of(characters: dict[str, Any]) -> list[str]:
    return [character["portrait"] for character in characters["result"]["characters"]]


def painting(job: dict[str, Any]) -> bool:
    return bool(job["status"] == "processing" and job["progress"] > 0)


async def pictures(server: Server, client: Watching, portraits: list[str]) -> list[bytes]:
    """All portraits, once each has succeeded; each is the picture that its record tells of."""
    found = []
    async with httpx.AsyncClient(verify=False) as http:
        for portrait in portraits:
            job = await client.until_final(portrait)
            assert job["status"] == "succeeded", job
            image = await http.get(f"{server.url}{job['result']['url']}")
            assert image.status_code == 200
            assert len(image.content) == job["result"]["bytes"]
            found.append(image.content)
    return found


def assert_in_order(client: Watching) -> None:
    """No version twice, none older after a newer."""
    for states in client.seen.values():
        versions = [state["version"] for state in states]
        assert versions == sorted(set(versions))


async def test_a_killed_workers_jobs_are_finished_by_the_next_and_nothing_is_made_twice(
    slow: dict[str, str], one_server: Server, client: Watching
) -> None:
    with Worker(slow) as worker:
        set_id, portraits = await generate(one_server, client)
        await client.until(portraits[0], painting)
        worker.kill()
        worker.start()
        await pictures(one_server, client, portraits)
        assert (await client.until_final(portraits[0]))["attempt"] == 2
        assert worker.log().count("provider=grammar") == 2  # called and succeeded, once
        assert worker.log().count("job submitted") == COUNT
        async with httpx.AsyncClient(verify=False) as http:
            after = (await http.get(f"{one_server.url}/jobs/{set_id}")).json()
        assert portraits_of(after) == portraits
        assert len(portraits) == COUNT
    assert_in_order(client)


async def test_valkey_is_stopped_and_started_and_everything_goes_on(slow: dict[str, str], tmp_path: Path) -> None:
    with ExitStack() as stack:
        first = ExitStack()
        stack.callback(first.close)
        valkey = first.enter_context(running(tmp_path))
        slow = {**slow, "LIMNER_REDIS_URL": valkey.url}
        stack.enter_context(Worker(slow))
        server = stack.enter_context(Server(slow))
        async with watching(server.ws_url) as client:
            _, portraits = await generate(server, client)
            await client.until(portraits[0], painting)
            with Redis.from_url(valkey.url) as redis:
                redis.shutdown(nosave=True)
            first.close()
            await client.until_said("error")
            stack.enter_context(running(tmp_path))
            await pictures(server, client, portraits)
            assert_in_order(client)
