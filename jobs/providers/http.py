"""The one driver of providers that are paid: it opens connections, repeats what is safe to repeat, fetches results.

What money depends on is sent by `once`, and never again; everything else by `ask`, until there is an answer.
"""

import asyncio
import functools
import json
import random
import ssl
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import SecretStr

from jobs.errors import Unavailable
from jobs.providers.download import (
    MOST_BYTES,
    Public,
    Resolve,
    TooLarge,
    download,
    is_loopback,
    public_address,
    read,
    resolved,
)

MOST_REPLY_BYTES = 16_000_000
MOST_DETAIL = 300
LONGEST_WAIT_SECONDS = 60.0
"""The longest that a provider's `Retry-After` makes a question wait, whatever it asks for."""
TOTAL_SECONDS = 60.0
"""What one request may take, however its bytes trickle in."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A request, as an adapter describes it."""

    method: str
    url: str
    json: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The JSON that it is, or None."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class NotSent(Exception):
    """Nothing of the request has left: it can be sent again."""


class OutcomeUnknown(Exception):
    """The request may have been carried out, or not."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Pauses in seconds that grow from `first` to `most`, each jittered, so that those who wait don't ask together."""

    first: float = 0.5
    most: float = 10.0
    factor: float = 1.5

    def pauses(self, chance: Callable[[float, float], float] = random.uniform) -> Iterator[float]:
        pause = self.first
        while True:
            yield chance(pause / 2, pause)
            pause = min(self.most, pause * self.factor)


class Bearer(httpx.Auth):
    """Puts the key into a request at the last moment, so that it stands in no argument and no frame of ours."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._key.get_secret_value():
            request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        yield request


class Http:
    """Talks to the provider at `base_url`, with its key. `async with` it.

    Results are fetched from public addresses over TLS only; but from anywhere for a provider that itself is on this
    machine or without TLS, because the operator said so. `silence` is how many seconds it may say nothing.
    """

    def __init__(
        self,
        key: SecretStr,
        *,
        base_url: str,
        silence: float = 30.0,
        pace: Pace = Pace(),
        most_bytes: int = MOST_BYTES,
        resolve: Resolve = resolved,
        public: Public = public_address,
    ) -> None:
        self._key = key
        base = httpx.URL(base_url)
        self._anywhere = base.scheme == "http" or is_loopback(base.host)
        self._pace = pace
        self._most_bytes = most_bytes
        self._resolve = resolve
        self._public = public
        timeout = httpx.Timeout(silence, connect=10.0)
        tls = _tls()
        headers = {"User-Agent": "limner"}
        # A connection that was kept may just be closed at the other end: nobody could tell what became of a request.
        self._fresh = httpx.AsyncClient(
            verify=tls, timeout=timeout, headers=headers, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._kept = httpx.AsyncClient(verify=tls, timeout=timeout, headers=headers)
        # Past any proxy: only where we connect ourselves do we know to which address.
        self._direct = httpx.AsyncClient(
            verify=tls,
            timeout=timeout,
            headers=headers,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in (self._fresh, self._kept, self._direct):
            await client.aclose()

    async def once(self, call: Call) -> Reply:
        """Send exactly once. The answer is definite: a refusal, or what was asked for.

        Raises NotSent where nothing has left, and OutcomeUnknown in all other cases without a definite answer, which
        5xx and 408 are not.
        """
        try:
            reply = await self._send(self._fresh, call)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise NotSent(repr(error)) from error
        except (httpx.HTTPError, TimeoutError, TooLarge) as error:
            raise OutcomeUnknown(repr(error)) from error
        if reply.status == 408 or reply.status >= 500:
            raise OutcomeUnknown(f"{reply.status} {_words(reply)}")
        return reply

    async def ask(self, call: Call, *, patience: float | None = None) -> Reply:
        """Send what may be sent twice, until it is answered; 429, 408 and 5xx are no answers.

        Raises Unavailable after `patience` seconds; without, it goes on until it is cancelled.
        """

        async def attempt() -> Reply:
            reply = await self._send(self._kept, call)
            if reply.status in (408, 429) or reply.status >= 500:
                raise _Again(f"{reply.status} {_words(reply)}", retry_after(reply.headers))
            return reply

        return await self._repeatedly(attempt, patience)

    async def fetch(self, url: str, *, patience: float = 60.0) -> bytes:
        """What a provider's address holds. Raises `download.Refused` for what is not taken, Unavailable."""

        async def attempt() -> bytes:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await download(
                    self._direct,
                    url,
                    anywhere=self._anywhere,
                    most_bytes=self._most_bytes,
                    resolve=self._resolve,
                    public=self._public,
                )

        return await self._repeatedly(attempt, patience)

    def fit_for_the_log(self, detail: str) -> str:
        """One short line without our key, which a provider may quote."""
        key = self._key.get_secret_value()
        return " ".join((detail.replace(key, "***") if key else detail).split())[:MOST_DETAIL]

    async def _send(self, client: httpx.AsyncClient, call: Call) -> Reply:
        request = client.build_request(call.method, call.url, json=call.json, headers=dict(call.headers))
        async with asyncio.timeout(TOTAL_SECONDS):
            response = await client.send(request, stream=True, auth=Bearer(self._key), follow_redirects=False)
            async with aclosing(response):
                content = await read(response, MOST_REPLY_BYTES)
        return Reply(response.status_code, response.headers, content)

    async def _repeatedly(self, attempt: Callable[[], Awaitable[T]], patience: float | None) -> T:
        now = asyncio.get_running_loop().time
        deadline = now() + patience if patience is not None else float("inf")
        for pause in self._pace.pauses():
            try:
                return await attempt()
            except (httpx.HTTPError, OSError, TooLarge, _Again) as error:
                wait = error.retry_after if isinstance(error, _Again) and error.retry_after is not None else 0.0
                pause = max(pause, min(wait, LONGEST_WAIT_SECONDS))
                if now() + pause > deadline:
                    raise Unavailable(detail=self.fit_for_the_log(repr(error))) from error
            await asyncio.sleep(pause)
        raise AssertionError("pauses never end")


@functools.cache
def _tls() -> ssl.SSLContext:
    """Made once in a process: it reads all authorities there are."""
    return httpx.create_ssl_context()


class _Again(Exception):
    def __init__(self, detail: str, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


def _words(reply: Reply) -> str:
    return reply.content[:MOST_DETAIL].decode("utf-8", "replace")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms`, or from `Retry-After` as a number or as a date."""
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[header]) * unit)
        except (KeyError, ValueError):
            continue
    try:
        moment = parsedate_to_datetime(headers["retry-after"])
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None
