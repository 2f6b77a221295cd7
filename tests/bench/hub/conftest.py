from collections.abc import Iterator

import pytest

from bench.hub.setup import Setup, setup


@pytest.fixture(scope="session")
def ready() -> Iterator[Setup]:
    with setup(settle_seconds=0.1) as one:
        yield one
