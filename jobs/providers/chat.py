"""Chat: characters from any OpenAI-compatible endpoint, each one given on as soon as it is written."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from jobs.errors import JobFailure, Moderated, TimedOut, Unavailable
from jobs.providers.base import CharactersRequest
from jobs.providers.chat_reply import Reply
from jobs.providers.chat_wire import (
    SYSTEM,
    Format,
    Piece,
    body,
    failure,
    question,
    read_piece,
    stream_data,
)
from jobs.providers.http import Bearer, retry_after
from storage.records.character import Character

MOST_BYTES = 8_000_000
"""A stream wraps each word in some 250 bytes, so ten characters may well take two megabytes."""
MOST_DETAIL = 300
ASKS = 2
"""The question, and one more for what its answer left out."""
UNUSABLE = "The provider's answers could not be used. Please try again."


class Chat:
    """Asks a model for all missing characters at once. The seed is not sent: few servers know one, some refuse it.

    `base_url` is what OpenAI's own clients take, `https://api.openai.com/v1` for one; without a path `/v1` is added. An
    empty `api_key` sends none. `silence` is how many seconds a server may say nothing once it is connected, `patience`
    how many one answer may take. The client stays the caller's, and so does its closing.

    `write` raises `Moderated` for what the provider refuses, `RateLimited`, `Rejected`, `Unavailable` and `TimedOut` as
    they happen, and `Unavailable` if two answers were not enough. What was yielded before stays good. Whoever stops in
    the middle closes the generator (`contextlib.aclosing`), which hangs up.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        model: str,
        api_key: str | SecretStr,
        silence: float = 60.0,
        patience: float = 240.0,
    ) -> None:
        url = httpx.URL(base_url)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("base_url must be an http or https address")
        self._url = url.copy_with(path=f"/{url.path.strip('/') or 'v1'}/chat/completions")
        self._client = client
        self._model = model
        self._key = api_key if isinstance(api_key, SecretStr) else SecretStr(api_key)
        if not all("!" <= letter <= "~" for letter in self._key.get_secret_value()):
            raise ValueError("api_key has characters that no header can carry")
        self._timeout = httpx.Timeout(silence, connect=10.0)
        self._patience = patience
        self._form = Format.JSON_SCHEMA

    @property
    def name(self) -> str:
        return "chat"

    async def write(self, request: CharactersRequest) -> AsyncGenerator[Character, None]:
        written = list(request.written)
        fault: str | None = None
        for _ in range(ASKS):
            missing = request.count - len(written)
            if missing <= 0:
                return
            reply = Reply(missing, taken=[character.name for character in written])
            user = question(missing, request.theme, written, fault)
            async with aclosing(self._answer(user)) as pieces:
                finish_reason = None
                async for part in pieces:
                    finish_reason = part.finish_reason or finish_reason
                    for character in reply.grow(part.text):
                        written.append(character)
                        yield character
                    if reply.complete:
                        return
                    if reply.too_long:
                        break
            fault = "it was cut off at its greatest length" if finish_reason == "length" else reply.fault
        raise Unavailable(UNUSABLE, detail=fault)

    async def _answer(self, user: str) -> AsyncGenerator[Piece, None]:
        """The pieces of one answer; then raises what ended it before its end."""
        refusal, finish_reason = "", None
        with self._told_as_failures():
            async with aclosing(self._pieces(user)) as pieces:
                async for part in pieces:
                    refusal += part.refusal
                    finish_reason = part.finish_reason or finish_reason
                    yield part
            if refusal or finish_reason == "content_filter":
                raise Moderated(detail=refusal or finish_reason)
            if finish_reason is None:
                raise Unavailable(detail="the stream ended before the answer did")

    async def _pieces(self, user: str) -> AsyncGenerator[Piece, None]:
        deadline = asyncio.get_running_loop().time() + self._patience
        response = await self._post(user, deadline)
        async with aclosing(response), aclosing(_chunks(response, deadline)) as chunks:
            if response.headers.get("content-type", "").startswith("application/json"):
                yield read_piece(b"".join([chunk async for chunk in chunks]))
                return
            async with aclosing(stream_data(chunks)) as lines:
                async for line in lines:
                    if line == "[DONE]":
                        return
                    yield read_piece(line)

    async def _post(self, user: str, deadline: float) -> httpx.Response:
        """A response with status 200, its content not yet read. A refused request may be sent again in another form: a
        refusal is the one answer that says for sure that nothing was made."""
        forms = (Format.JSON_SCHEMA, Format.JSON_OBJECT) if self._form is Format.JSON_SCHEMA else (self._form,)
        for form in forms:
            request = self._client.build_request(
                "POST",
                self._url,
                json=body(self._model, form, SYSTEM, user),
                headers={"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"},
                timeout=self._timeout,
            )
            async with asyncio.timeout_at(deadline):
                response = await self._client.send(request, stream=True, auth=Bearer(self._key), follow_redirects=False)
            if response.status_code == 200:
                self._form = form
                return response
            async with aclosing(response):
                refused = failure(
                    response.status_code, await _error(response, deadline), retry_after=retry_after(response.headers)
                )
            if form is Format.JSON_OBJECT or response.status_code not in (400, 422) or isinstance(refused, Moderated):
                break
        raise refused

    @contextmanager
    def _told_as_failures(self) -> Iterator[None]:
        try:
            yield
        except JobFailure as failed:
            failed.detail = self._fit_for_the_log(failed.detail or "")
            raise
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(detail=self._fit_for_the_log(repr(error))) from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise TimedOut(detail=self._fit_for_the_log(repr(error))) from error
        except httpx.HTTPError as error:
            raise Unavailable(detail=self._fit_for_the_log(repr(error))) from error

    def _fit_for_the_log(self, detail: str) -> str:
        """One short line without our key, which a server may quote."""
        key = self._key.get_secret_value()
        return " ".join((detail.replace(key, "***") if key else detail).split())[:MOST_DETAIL]


async def _chunks(response: httpx.Response, deadline: float) -> AsyncGenerator[bytes, None]:
    size = 0
    chunks = response.aiter_bytes()
    while True:
        async with asyncio.timeout_at(deadline):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        size += len(chunk)
        if size > MOST_BYTES:
            raise Unavailable(detail=f"the answer was longer than {MOST_BYTES} bytes")
        yield chunk


async def _error(response: httpx.Response, deadline: float) -> Any:
    """What an error reply says: JSON, or the text it is instead."""
    async with aclosing(_chunks(response, deadline)) as chunks:
        content = b"".join([chunk async for chunk in chunks])
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")
