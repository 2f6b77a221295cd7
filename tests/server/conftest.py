"""A real server without a worker: the tests play the worker themselves, through the store."""

import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.settings import StorageSettings
from tests.server.support.player import Player
from tests.support.limner import Server

API_KEY, OTHER_KEY, OPERATOR_KEY = "key-of-anna", "key-of-bert", "key-of-the-operator"
ALLOWED_ORIGIN = "https://page.example"
WEBHOOK_SECRET = "whsec_" + "A" * 32


def lines_of(server: Server, *levels: str) -> list[dict[str, Any]]:
    """The lines of a server's log that have one of these levels."""
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line["level"] in levels]


@pytest.fixture(scope="session")
def edge_prefix() -> str:
    return f"edge-{secrets.token_hex(4)}:"


@pytest.fixture(scope="session")
def edge(redis_url: str, edge_prefix: str) -> Iterator[Server]:
    """A server that all tests share which do not disturb it. At the end, nothing went wrong on its side."""
    environment = {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": edge_prefix,
        "LIMNER_LOG_FORMAT": "json",
        "LIMNER_API_KEYS": f"anna={API_KEY},bert={OTHER_KEY}",
        "LIMNER_OPERATOR_KEY": OPERATOR_KEY,
        "LIMNER_ORIGINS": ALLOWED_ORIGIN,
        "LIMNER_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "LIMNER_MAX_CONNECTIONS_PER_ADDRESS": "2000",
    }
    with Server(environment) as server:
        yield server
        assert lines_of(server, "error", "critical") == []


@pytest.fixture
def start(redis_url: str, prefix: str) -> Iterator[Callable[..., Server]]:
    """Starts a server of the test's own, with settings of its own, under the test's prefix."""
    with ExitStack() as stack:

        def start(**settings: object) -> Server:
            environment = {
                "LIMNER_REDIS_URL": redis_url,
                "LIMNER_REDIS_PREFIX": prefix,
                "LIMNER_LOG_FORMAT": "json",
                **{f"LIMNER_{name.upper()}": str(value) for name, value in settings.items()},
            }
            return stack.enter_context(Server(environment))

        yield start


def player_over(redis: Redis, prefix: str, **settings: Any) -> Player:
    keys = Keys(prefix)
    store = JobStore(redis, keys, StorageSettings(redis_url=SecretStr(""), redis_prefix=prefix, **settings))
    return Player(store, PortraitStore(redis, keys))


@pytest.fixture
def player(redis: Redis, edge_prefix: str) -> Player:
    """Plays the worker behind `edge`."""
    return player_over(redis, edge_prefix)


@pytest.fixture
def own_player(redis: Redis, prefix: str) -> Player:
    """Plays the worker behind what `start` has started."""
    return player_over(redis, prefix)


@pytest.fixture
async def http(edge: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A program without a key."""
    async with httpx.AsyncClient(base_url=edge.url, timeout=40, verify=False) as client:
        yield client


@pytest.fixture
async def anna(edge: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A program with a key."""
    async with keyed(edge, API_KEY) as client:
        yield client


def keyed(edge: Server, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=edge.url, timeout=40, headers={"Authorization": f"Bearer {key}"}, verify=False)
