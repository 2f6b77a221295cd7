"""Chat: characters from any OpenAI-compatible endpoint, each one given on as soon as it is written."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
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
    piece,
    question,
    retry_after,
    stream_data,
)
from storage.records.character import Character
from storage.records.job import JsonObject

MOST_BYTES = 8_000_000
"""A stream wraps each word in some 250 bytes, so ten characters may well take two megabytes."""
MOST_DETAIL = 300
ASKS = 2
"""The question, and one more for what its answer left out."""
UNUSABLE = "The provider's answers could not be used. Please try again."


class _Bearer(httpx.Auth):
    """Puts the key into a request at the last moment, so that it stands in no argument and no frame of ours."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Any:
        if self._key.get_secret_value():
            request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        yield request


class Chat:
    """Asks a model for all missing characters at once. The seed is not sent: few servers know one, some refuse it.

    `base_url` is what OpenAI's own clients take, `https://api.openai.com/v1` for one; without a path `/v1` is added. An
    empty `api_key` sends none. `silence` is how many seconds a server may say nothing, `patience` how many one answer
    may take. The client stays the caller's, and so does its closing.

    `write` raises `Moderated` for what the provider refuses, `RateLimited`, `Rejected`, `Unavailable` and `TimedOut` as
    they happen, and `Unavailable` if two answers were not enough. What was yielded before stays good.
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
        self._timeout = httpx.Timeout(silence, connect=min(silence, 10.0))
        self._patience = patience
        self._form = Format.JSON_SCHEMA

    @property
    def name(self) -> str:
        return "chat"

    async def write(self, request: CharactersRequest) -> AsyncIterator[Character]:
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

    async def _answer(self, user: str) -> AsyncIterator[Piece]:
        """The pieces of one answer, whatever way the server can give it. Raises what ends it early."""
        try:
            async with aclosing(self._posted(body(self._model, self._form, SYSTEM, user))) as pieces:
                async for part in pieces:
                    yield part
        except _SchemaDenied:
            async with aclosing(self._posted(body(self._model, Format.JSON_OBJECT, SYSTEM, user))) as pieces:
                async for part in pieces:
                    self._form = Format.JSON_OBJECT
                    yield part
