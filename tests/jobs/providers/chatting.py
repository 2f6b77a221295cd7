"""Characters as an endpoint writes them, and a provider that asks one for them."""

import json
from itertools import pairwise
from typing import Any

import httpx

from jobs.errors import JobFailure
from jobs.providers.base import CharactersRequest
from jobs.providers.chat import Chat
from storage.records.character import Character
from tests.support.chat_server import ChatServer

KEY = "sk-a-key-nobody-may-see"


def as_json(*characters: Character, **changes: Any) -> str:
    items = [character.model_dump(by_alias=True) | changes for character in characters]
    return json.dumps({"characters": items}, ensure_ascii=False)


def chat(server: ChatServer, client: httpx.AsyncClient, silence: float = 10.0, patience: float = 20.0) -> Chat:
    return Chat(client, base_url=server.base_url, model="m", api_key=KEY, silence=silence, patience=patience)


def wanting(count: int, theme: str | None = None, written: list[Character] | None = None) -> CharactersRequest:
    return CharactersRequest(count, theme, seed=1, written=written or [])


async def written_until_it_fails(provider: Chat, request: CharactersRequest) -> tuple[list[Character], JobFailure]:
    got: list[Character] = []
    try:
        async for character in provider.write(request):
            got.append(character)
    except JobFailure as failure:
        return got, failure
    raise AssertionError("it did not fail")


def pieces_of(text: Any, places: list[int]) -> list[Any]:
    cuts = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]
