"""The server over HTTP: submit, ask, fetch. Calls that fail for a while are repeated; `Unreachable` ends that."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import ValidationError

from server.generate.address import Address
from server.generate.errors import NotLimner, Refused, Unreachable
from server.generate.messages import Message, SeenJob, Unintelligible, read_job, read_poll
from server.generate.patience import GIVE_UP_SECONDS, full_jitter
from storage.records.media import PictureResult

ANSWER_SECONDS = 30.0
TEMPORARY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Poll:
    """`messages` is empty where nothing has changed. `retry_after` are seconds."""

    messages: list[Message]
    etag: str | None
    retry_after: float


class Api:
    """One server, and the key that it may see: no other server does."""

    def __init__(self, http: httpx.AsyncClient, address: Address, key: str) -> None:
        self._http = http
        self._address = address
        self._ahead = timedelta()
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    @property
    def now(self) -> datetime:
        """The server's clock, to the second."""
        return datetime.now(UTC) + self._ahead

    async def submit(self, wanted: Mapping[str, Any]) -> SeenJob:
        """Have a set made. `wanted` has an id, so that it is one job however often it is said.

        Raises Refused, NotLimner, Unreachable.
        """
        url = self._address.resolve("/characters")
        answer = await self._persist(lambda: self._http.post(url, json=wanted, headers=self.headers))
        self._set_clock(answer)
        try:
            return read_job(answer.content)
        except Unintelligible:
            raise NotLimner(str(self._address)) from None

    async def poll(self, job_ids: Iterable[str], etag: str | None, wait: float) -> Poll:
        """Ask once; with an `etag` the server may hold its answer for `wait` seconds, until there is news.

        Raises Refused, NotLimner, and httpx.TransportError where there is no answer, or only «later».
        """
        conditions = {"If-None-Match": etag, "Prefer": f"wait={math.floor(wait)}"} if etag is not None else {}
        answer = await self._http.get(
            self._address.resolve("/jobs"), params={"id": list(job_ids)}, headers={**self.headers, **conditions}
        )
        retry_after = _retry_after(answer)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return Poll([], etag, retry_after)
        if answer.status_code in TEMPORARY:
            raise httpx.NetworkError(answer.reason_phrase)
        require(answer, self._address)
        try:
            return Poll(read_poll(answer.content), answer.headers.get("etag"), retry_after)
        except Unintelligible:
            raise NotLimner(str(self._address)) from None

    async def picture(self, job: SeenJob) -> tuple[str, bytes]:
        """Type and bytes of the picture of a job that succeeded. Raises Refused, NotLimner, Unreachable."""
        try:
            result = PictureResult.model_validate(job.result)
        except ValidationError:
            raise NotLimner(str(self._address)) from None
        url = self._address.resolve(result.url)
        headers = self.headers if self._address.is_own(url) else {}
        answer = await self._persist(lambda: self._http.get(url, headers=headers, follow_redirects=True))
        return result.content_type, answer.content

    async def _persist(self, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """The answer, when there is one; the same is sent again while there is none, or only «later»."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        attempt = 0
        while True:
            asked_to_wait = 0.0
            try:
                answer = await send()
                if answer.status_code not in TEMPORARY:
                    require(answer, self._address)
                    return answer
                asked_to_wait = _retry_after(answer)
                if asked_to_wait > GIVE_UP_SECONDS:  # such as for the end of the day
                    require(answer, self._address)
            except httpx.TransportError:
                pass
            pause = asked_to_wait + full_jitter(attempt, random.random())
            if time.monotonic() + pause > deadline:
                raise Unreachable(str(self._address))
            await asyncio.sleep(pause)
            attempt += 1

    def _set_clock(self, answer: httpx.Response) -> None:
        try:
            self._ahead = parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)
        except (KeyError, TypeError, ValueError):
            self._ahead = timedelta()


def require(answer: httpx.Response, address: Address) -> None:
    """Raises Refused, or NotLimner, for an answer that is no success."""
    if answer.is_success:
        return
    try:
        detail = answer.json()["detail"]
    except (KeyError, TypeError, ValueError):
        if answer.is_server_error:
            raise Refused(f"{answer.status_code} {answer.reason_phrase}") from None
        raise NotLimner(str(address)) from None
    raise Refused(str(detail))


def _retry_after(answer: httpx.Response) -> float:
    """Seconds; a date, which the protocol does not use, counts as none."""
    try:
        return max(0.0, float(answer.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
