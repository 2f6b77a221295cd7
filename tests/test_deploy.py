"""The times, sizes and names in docs/deploy.md are those of the code."""

import re

import pytest

from jobs.settings import WorkerSettings
from server.http.table import KEEP_ALIVE_SECONDS
from server.process.descriptors import RESERVED, sockets_for
from server.process.lifecycle import longest_end
from server.settings import ServerSettings
from storage.connect import CONNECTIONS, FULL
from storage.settings import load
from tests.support.nginx import DOCUMENT
from tests.support.settings import variables

TEXT = DOCUMENT.read_text()
ELSEWHERE = {"LIMNER_DATA_DIR", "LIMNER_PROCESSES", "LIMNER_WORKERS"}


def number(pattern: str) -> float:
    """The one number that every place of the document with this pattern has."""
    (found,) = {match.replace(",", "") for match in re.findall(pattern, TEXT)}
    return float(found)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> ServerSettings:
    for name in variables(ServerSettings):
        monkeypatch.delenv(name, raising=False)
    return load(ServerSettings)


def test_every_setting_that_it_names_is_one() -> None:
    known = {*variables(ServerSettings), *variables(WorkerSettings), *ELSEWHERE}
    assert set(re.findall(r"LIMNER_\w+", TEXT)) <= known


def test_a_server_is_given_longer_to_end_than_it_can_take(settings: ServerSettings) -> None:
    assert number(r"`LIMNER_DRAIN_SECONDS` \+ (\d+)") == longest_end(0)
    longest = longest_end(settings.drain_seconds)
    assert number(r"TimeoutStopSec=(\d+)") > longest
    assert number(r"terminationGracePeriodSeconds: (\d+)") > number(r'sleep, "(\d+)"') + longest


def test_pings_are_in_time_for_everything_on_the_way(settings: ServerSettings) -> None:
    shortest = min(number(r"was silent for (\d+) s \(`proxy_read"), number(r"idle time-out is (\d+) s"))
    assert 2 * settings.ping_seconds < shortest
    assert settings.wait_seconds < shortest
    assert number(r"a server keeps idle connections for (\d+) s") == KEEP_ALIVE_SECONDS > shortest
    assert number(r"`keepalive (\d+)s`") < KEEP_ALIVE_SECONDS


def test_what_it_says_of_sizes_is_so(settings: ServerSettings) -> None:
    assert number(r"`LIMNER_MAX_CONNECTIONS` \(([\d,]+)\)") == settings.max_connections
    assert number(r"so ([\d,]+) as it comes") == sockets_for(settings.max_connections) + RESERVED
    assert number(r"LIMNER_MAX_CONNECTIONS` \+ (\d+) of them") == sockets_for(0) + RESERVED
    assert number(r"Fewer than (\d+) for each") > CONNECTIONS
    assert number(r"Above (\d+) %") == 100 * FULL
