"""A job that runs is canceled over HTTP, and its worker, which paints for an hour, stops and begins the next."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.limner import Server, Worker
from tests.support.watching import watching

pytestmark = pytest.mark.system

HOUR = {"LIMNER_PAINTER_SECONDS": "3600", "LIMNER_RENEW_SECONDS": "3600", "LIMNER_LEASE_SECONDS": "7200"}
"""So long does the painter take, and so long would it be until a lease says that the job is canceled."""


@pytest.fixture
def slow(environment: dict[str, str]) -> Iterator[tuple[Server, Worker]]:
    hour = {**environment, **HOUR}
    with Worker(hour) as worker, Server(hour) as server:
        worker.wait_until_started()
        yield server, worker


async def test_a_canceled_job_is_let_go_at_once_and_makes_room_for_the_next(slow: tuple[Server, Worker]) -> None:
    server, worker = slow
    async with httpx.AsyncClient(base_url=server.url, verify=False) as http, watching(server.ws_url) as client:
        first, second = [
            (await http.post("/portraits", json={"description": "a dwarf", "seed": seed})).json()["id"]
            for seed in (1, 2)
        ]
        await client.until(first, lambda job: job["status"] == "processing" and job["progress"] > 0)

        canceled = await http.post(f"/jobs/{first}/cancel")

        assert canceled.json()["status"] == "canceled"
        await client.until(second, lambda job: job["status"] == "processing" and job["progress"] > 0)
    assert worker.log().count("job taken over") == 1
    assert worker.running
