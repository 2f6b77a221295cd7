"""How the server process ends."""

import threading
import time
from collections.abc import Callable

import httpx
from redis import Redis

from tests.support.limner import Server


def test_who_waits_for_an_answer_has_it_when_the_server_stops(
    start: Callable[..., Server], redis_url: str, prefix: str
) -> None:
    server = start()
    job = httpx.post(f"{server.url}/characters", json={"count": 1}, verify=False)
    answers: list[httpx.Response] = []
    job_id = job.json()["id"]

    def wait() -> None:
        headers = {"If-None-Match": job.headers["etag"], "Prefer": "wait=30"}
        answers.append(httpx.get(f"{server.url}/jobs/{job_id}", headers=headers, timeout=60, verify=False))

    waiting = threading.Thread(target=wait)
    waiting.start()
    with Redis.from_url(redis_url) as redis:
        while not redis.pubsub_numsub(f"{prefix}job:{job_id}")[0][1]:
            time.sleep(0.005)  # nothing says when somebody begins to listen
    server.terminate()
    waiting.join(60)
    assert [answer.status_code for answer in answers] == [304]
    assert "server stopped" in server.log()
