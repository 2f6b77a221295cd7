"""The calls of `limner jobs`. Each is made once: who is told that it failed can say it again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from server.generate.address import Address
from server.generate.api import require
from server.generate.errors import NotLimner, Unreachable
from server.jobs_command.errors import NoKey

NOT_THE_OPERATOR = (401, 403, 404)
"""What `/operator/queue` answers to others; 404 before there was such a path."""


@dataclass(frozen=True, slots=True)
class Listing:
    jobs: list[dict[str, Any]]
    of_everybody: bool
    """Then only those that run, wait or have failed."""


class JobsApi:
    """One server, called with a key. All raise Refused, NotLimner, Unreachable, and NoKey where no job is named."""

    def __init__(self, http: httpx.Client, address: Address, key: str) -> None:
        self._http = http
        self._address = address
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.now = datetime.now(UTC)
        """The server's clock, to the second, when it last answered."""

    def listing(self) -> Listing:
        """To the operator what runs, waits and has failed, of everybody; else the caller's own jobs."""
        self._require_key()
        answer = self._send("GET", "/operator/queue")
        if answer.status_code in NOT_THE_OPERATOR:
            return Listing(self._content(self._send("GET", "/jobs"))["jobs"], of_everybody=False)
        queue = self._content(answer)
        return Listing([*queue["running"], *queue["waiting"], *queue["failed"]], of_everybody=True)

    def job(self, job_id: str) -> dict[str, Any]:
        return self._content(self._send("GET", f"/jobs/{job_id}"))

    def cancel(self, job_id: str) -> dict[str, Any]:
        return self._content(self._send("POST", f"/jobs/{job_id}/cancel"))

    def retry(self, job_id: str) -> dict[str, Any]:
        return self._content(self._send("POST", f"/jobs/{job_id}/retry"))

    def retry_all(self) -> dict[str, Any]:
        """All failed jobs that repeating may help: to the operator those of everybody, else the caller's own.

        Answers the ids of those that are `retried`, and which were `left`, with the reason.
        """
        self._require_key()
        answer = self._send("POST", "/jobs/retry", {"all": True})
        if answer.status_code == httpx.codes.FORBIDDEN:
            answer = self._send("POST", "/jobs/retry", {})
        return self._content(answer)

    def _require_key(self) -> None:
        if not self._headers:
            raise NoKey

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        try:
            answer = self._http.request(method, self._address.resolve(path), json=body, headers=self._headers)
        except httpx.TransportError:
            raise Unreachable(str(self._address)) from None
        self.now = _date_of(answer)
        return answer

    def _content(self, answer: httpx.Response) -> dict[str, Any]:
        require(answer, self._address)
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise NotLimner(str(self._address))
        return content


def _date_of(answer: httpx.Response) -> datetime:
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)
