"""The fixtures over real server and worker processes, and over a real object store."""

from collections.abc import Iterator

import pytest

from tests.support.limner import Server, Worker, limner
from tests.support.seaweed import Bucket, Seaweed, new_bucket, seaweed


@pytest.fixture
def environment(redis_url: str, prefix: str) -> dict[str, str]:
    """The environment of processes that share the test's Redis and prefix."""
    return {"LIMNER_REDIS_URL": redis_url, "LIMNER_REDIS_PREFIX": prefix}


@pytest.fixture(scope="session")
def shared_limner(redis_url: str) -> Iterator[tuple[Server, Worker]]:
    """One server and one worker for all tests that do not disturb them."""
    with limner({"LIMNER_REDIS_URL": redis_url, "LIMNER_REDIS_PREFIX": "shared:"}) as both:
        yield both


@pytest.fixture(scope="session")
def server(shared_limner: tuple[Server, Worker]) -> Server:
    return shared_limner[0]


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator[Seaweed]:
    """It starts when the first test asks for it."""
    with seaweed() as server:
        yield server


@pytest.fixture
def bucket(seaweed_server: Seaweed) -> Bucket:
    """A bucket of the test's own."""
    return new_bucket(seaweed_server)
