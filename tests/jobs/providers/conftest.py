from collections.abc import AsyncIterator

import httpx
import pytest

from jobs.providers.base import CharactersRequest
from jobs.providers.grammar import Grammar
from storage.records.character import Character


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
async def cast() -> list[Character]:
    return [character async for character in Grammar().write(CharactersRequest(5, None, seed=1))]
