"""Clients without a line of ours: plain HTTP, and a WebSocket that never says anything."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.sync.client import connect

from tests.support.limner import Server, Worker, limner

pytestmark = pytest.mark.system

DEADLINE_SECONDS = 60


@pytest.fixture
def patient(environment: dict[str, str]) -> Iterator[tuple[Server, Worker]]:
    """A painting outlasts every limit on idleness and silence of a connection: all at a fraction of their length."""
    short = {
        "LIMNER_PAINTER_SECONDS": "6",
        "LIMNER_PING_SECONDS": "0.5",
        "LIMNER_SILENCE_SECONDS": "2",
        "LIMNER_IDLE_SECONDS": "1",
    }
    with limner({**environment, **short}) as both:
        yield both


def call(url: str, body: object = None) -> tuple[int, bytes]:
    request = Request(url, method="GET" if body is None else "POST")
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def test_plain_http_submits_polls_and_fetches_the_picture(server: Server) -> None:
    status, body = call(f"{server.url}/portraits", {"description": "an old elf with a white beard"})
    assert status == 202
    job_id = json.loads(body)["id"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (ready := json.loads(call(f"{server.url}/temp-portraits/{job_id}")[1]))["ready"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)  # this is what it is to poll
    status, picture = call(f"{server.url}/temp-portraits/{job_id}/image")
    assert status == 200
    assert picture.startswith(b"\x89PNG")
    assert base64.b64decode(ready["portrait"]) == picture


def test_a_websocket_that_says_nothing_sees_a_picture_arrive_that_takes_long(patient: tuple[Server, Worker]) -> None:
    server, worker = patient
    _, body = call(f"{server.url}/portraits", {"description": "a halfling bard"})
    job_id = json.loads(body)["id"]
    seen: list[dict[str, Any]] = []
    pings = 0
    with connect(f"{server.ws_url}?job={job_id}") as socket:
        while not seen or seen[-1]["status"] != "succeeded":
            message = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
            pings += message["type"] == "ping"
            if message["type"] == "job":
                seen.append(message["job"])
    assert pings > 0
    assert any(job["preview"] for job in seen)
    assert [job["version"] for job in seen] == sorted({job["version"] for job in seen})
    assert call(f"{server.url}{seen[-1]['result']['url']}")[1].startswith(b"\x89PNG")
    # The id is the secret: the address of the WebSocket had it, and no log may.
    assert job_id[:8] in worker.log()
    assert job_id not in server.log() + worker.log()
