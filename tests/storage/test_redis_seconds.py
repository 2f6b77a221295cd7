"""`LIMNER_REDIS_SECONDS`, as the two kinds of process keep to it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from redis import Redis

from storage.connect import COMMAND_SECONDS
from storage.records.ids import new_job_id
from tests.support.limner import Server, Worker

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

SOON = COMMAND_SECONDS * 0.9
"""What is noticed by then was not left to the time that holds without a setting."""


@pytest.fixture
def environment(own_redis_url: str) -> dict[str, str]:
    return {"LIMNER_REDIS_URL": own_redis_url, "LIMNER_REDIS_SECONDS": "0.3"}


@contextmanager
def standing_still(redis_url: str) -> Iterator[None]:
    with Redis.from_url(redis_url) as client:
        pid = client.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_server_says_soon_that_its_redis_does_not_answer_and_serves_again(
    own_redis_url: str, environment: dict[str, str]
) -> None:
    with Server(environment) as server, httpx.Client(base_url=server.url, timeout=SOON, verify=False) as client:
        unknown = f"/jobs/{new_job_id()}"
        assert client.get(unknown).status_code == 404
        with standing_still(own_redis_url):
            assert client.get(unknown).status_code == 503
            for _ in range(2):  # the first looks at the memory, the second does not
                assert client.post("/portraits", json={"description": "a king"}).status_code == 503

        deadline = time.monotonic() + 20
        while client.get(unknown).status_code != 404:
            assert time.monotonic() < deadline
        assert client.post("/portraits", json={"description": "a king"}).status_code == 202


def test_a_worker_notices_soon_that_its_redis_does_not_answer_and_works_again(
    own_redis_url: str, environment: dict[str, str]
) -> None:
    with Server(environment) as server, Worker({**environment, "LIMNER_PAINTER_SECONDS": "0"}) as worker:
        worker.wait_until_logged("worker started")
        with standing_still(own_redis_url):
            deadline = time.monotonic() + SOON
            while "redis lost" not in worker.log():
                assert time.monotonic() < deadline, worker.log()
        worker.wait_until_logged("redis back")

        posted = httpx.post(
            f"{server.url}/characters", json={"count": 1}, headers={"Prefer": "wait=20"}, timeout=30, verify=False
        )

        assert posted.status_code == 200, posted.text
        assert posted.json()["status"] == "succeeded"
