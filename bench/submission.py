"""From `POST /characters` to its 202, beside the least that the same process can answer."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.figures import Row, percentile, row
from bench.processes import NotMeasured
from bench.rounds import Effort
from storage.records.ids import new_job_id

WARM_UP = 20


class Caller:
    """One caller on one connection that stays open, with a session."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=5)
        self._headers = {"Content-Type": "application/json"}

    def submit(self) -> None:
        body = json.dumps({"id": new_job_id(), "count": 3, "theme": "a drowned city"}).encode()
        self._call("POST", "/characters", 202, body)

    def health(self) -> None:
        self._call("GET", "/health", 200)

    def close(self) -> None:
        self._connection.close()

    def _call(self, method: str, path: str, status: int, body: bytes | None = None) -> None:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != status:
            raise NotMeasured(f"{method} {path} was answered {answer.status}.")
        if cookie := answer.headers["set-cookie"]:
            self._headers["Cookie"] = cookie.partition(";")[0]


def measure(url: str, effort: Effort, times: int) -> list[Row]:
    """Rows of p50 and p99."""
    caller = Caller(url)
    calls = [caller.submit, caller.health]
    taken: dict[Callable[[], None], list[list[float]]] = {call: [] for call in calls}
    try:
        for call in calls:
            _times(call, WARM_UP)
        for number in effort:
            for call in calls if number % 2 else reversed(calls):
                taken[call].append(_times(call, times))
    finally:
        caller.close()
    return [
        row(
            f"POST /characters → 202, p{share}",
            "µs",
            [percentile(samples, share / 100) for samples in taken[caller.submit]],
            "GET /health",
            [percentile(samples, share / 100) for samples in taken[caller.health]],
        )
        for share in (50, 99)
    ]


def _times(call: Callable[[], None], times: int) -> list[float]:
    """Microseconds of each."""
    samples = []
    for _ in range(times):
        begun = time.monotonic_ns()
        call()
        samples.append((time.monotonic_ns() - begun) / 1000)
    return samples
