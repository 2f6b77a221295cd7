"""Fixtures: Limner as it is reached through nginx, at a path of a site, and a long look at it that all tests share."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.limner import Process, Server
from tests.support.nginx import Nginx

LONG_SECONDS = 130.0
"""Twice the time after which nginx gives up a silent connection, and some more."""
LONG_WATCH = "long_watch"


@dataclass(frozen=True, slots=True)
class Site:
    """Two servers that share their Redis, taken in turn by what stands before them."""

    nginx: Nginx
    first: Server
    second: Server

    @property
    def url(self) -> str:
        return self.nginx.url


@contextmanager
def behind_nginx(environment: Mapping[str, str]) -> Iterator[Site]:
    with ExitStack() as stack:
        nginx = stack.enter_context(Nginx())
        told = {"LIMNER_PUBLIC_URL": nginx.url, "LIMNER_TRUSTED_PROXIES": "127.0.0.1", **environment}
        first, second = (stack.enter_context(Server(told)) for _ in range(2))
        nginx.start([first.port, second.port])
        yield Site(nginx, first, second)


@pytest.fixture
def site(environment: dict[str, str]) -> Iterator[Site]:
    """For one test, which may disturb it."""
    with behind_nginx({**environment, "LIMNER_DRAIN_SECONDS": "0.5", "LIMNER_RETRY_WINDOW_SECONDS": "0.5"}) as site:
        yield site


class LongWatch(Process):
    """Watches a silent job through a site, in a process of its own."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        super().__init__("-m", "tests.support.long_watch", url, str(LONG_SECONDS), environment=environment)

    def outcome(self) -> dict[str, Any]:
        """What each transport saw. Waits for the end of the job."""
        assert self._process is not None
        assert self._process.wait(LONG_SECONDS + 60) == 0, self.log()
        return dict(json.loads(self.log()))


@pytest.fixture(scope="session")
def long_watch(redis_url: str) -> Iterator[LongWatch]:
    environment = {"LIMNER_REDIS_URL": redis_url, "LIMNER_REDIS_PREFIX": "long-watch:"}
    with behind_nginx(environment) as site, LongWatch(site.url, environment) as watch:
        yield watch


@pytest.fixture(scope="session", autouse=True)
def _begin_the_long_watch(request: pytest.FixtureRequest) -> None:
    """With the first test of all, so that its time is that of the others."""
    if any(_wants_it(item) for item in request.session.items):
        with contextlib.suppress(Exception):  # what went wrong is told again where it is asked for
            request.getfixturevalue(LONG_WATCH)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_wants_it)  # last of all


def _wants_it(item: pytest.Item) -> bool:
    return LONG_WATCH in getattr(item, "fixturenames", ())
