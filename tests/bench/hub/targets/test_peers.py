"""Whether each peer that is installed is one: real servers, spoken to in their own formats."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import cast

import httpx
import pytest

from bench.hub.deliveries import Amount, check, measure
from bench.hub.load import Clients, Figures, Publishing
from bench.hub.server import Server, started
from bench.hub.setup import Setup
from bench.hub.target import Place, Target
from bench.hub.targets import PEERS
from bench.hub.targets.nchan import Nchan
from bench.hub.targets.obvious import Obvious
from bench.processes import answers, free_port, wait_until
from tests.support.left_out import in_ci

CLIENTS, ROUNDS = 40, 5
MANY_SECONDS = 20.0

pytestmark = pytest.mark.system


class Stage:
    """A peer with its clients, who hear what is published."""

    def __init__(self, ready: Setup, peer: Target, server: Server, crowd: Clients, version: int) -> None:
        self.crowd = crowd
        self._ready = ready
        self._publication = peer.publication(ready.model.news(), server.place)
        self._versions = count(version + 1)

    def publish(self) -> int:
        version = next(self._versions)
        Publishing(self._ready, self._publication, jobs=self.crowd.jobs, version=version, rounds=1).result()
        return version

    def wait_until_all_follow(self) -> None:
        """Some let a client in before its subscription is there; what is published meanwhile is nobody's."""
        for _ in range(20):
            self.crowd.target(self.publish())
            if self.crowd.reach(MANY_SECONDS, 0.5)["reached"] == self.crowd.jobs:
                return
        pytest.fail("Not all events arrive.")

    def deliver(self) -> Figures:
        self.wait_until_all_follow()
        self.crowd.reset()
        for _ in range(ROUNDS):
            version = self.publish()
        self.crowd.target(version)
        return self.crowd.wait(self.crowd.jobs * ROUNDS, MANY_SECONDS)


def leave_out_if_missing(peer: Target) -> None:
    if missing := peer.missing():
        (pytest.fail if in_ci() else pytest.skip)(f"{peer.name} is left out: {missing}")


@contextmanager
def on_stage(ready: Setup, peer: Target) -> Iterator[Stage]:
    leave_out_if_missing(peer)
    version = ready.write_jobs(CLIENTS)
    try:
        with started(ready, peer, CLIENTS) as server, Clients(ready, peer.dialect, server.place, CLIENTS) as crowd:
            yield Stage(ready, peer, server, crowd, version)
    finally:
        ready.redis.flushall()


@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_each_event_arrives_once_at_the_client_that_follows_its_job(ready: Setup, peer: Target) -> None:
    with on_stage(ready, peer) as stage:
        heard = stage.deliver()
        check(heard, stage.crowd)
    assert heard["delivered"] == heard["latency_us"]["count"] == CLIENTS * ROUNDS
    assert heard["skipped"] == 0


@pytest.mark.parametrize("redis", [True, False])
def test_nchan_sends_its_messages_through_redis_where_it_says_so_and_nowhere_else(ready: Setup, redis: bool) -> None:
    with on_stage(ready, Nchan(redis=redis)) as stage:
        ready.redis.config_resetstat()
        stage.deliver()
    stats = cast(Mapping[str, Mapping[str, int]], ready.redis.info("commandstats"))
    calls = stats["cmdstat_publish"]["calls"] if "cmdstat_publish" in stats else 0
    assert (calls >= CLIENTS * ROUNDS) if redis else (calls == 0)


def test_nchan_is_not_ready_without_its_redis(tmp_path: Path) -> None:
    nchan = Nchan(redis=True)
    leave_out_if_missing(nchan)
    place = Place(free_port(), free_port(), tmp_path, clients=1)
    command, url = nchan.command(place), f"http://127.0.0.1:{place.port}"
    with subprocess.Popen(command.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: answers(f"{url}/status"), MANY_SECONDS, "nginx does not answer.")
            assert httpx.get(f"{url}{command.ready}", verify=False).status_code == 503
        finally:
            process.terminate()


def test_the_obvious_hub_sends_the_state_that_there_is(ready: Setup) -> None:
    with on_stage(ready, Obvious()) as stage:
        stage.crowd.target(ready.model.version)
        assert stage.crowd.reach(MANY_SECONDS)["reached"] == CLIENTS
        assert stage.crowd.report()["snapshots"] == CLIENTS


@pytest.mark.parametrize("target", [Nchan(), Obvious()], ids=["Nchan", "obvious"])
def test_what_publishing_costs_a_server_is_known_where_it_is_the_server_that_takes_it(
    ready: Setup, target: Target
) -> None:
    leave_out_if_missing(target)
    try:
        measured = measure(ready, target, CLIENTS, CLIENTS, Amount(0.1, 10 * CLIENTS))
    finally:
        ready.redis.flushall()
    assert (measured.publication > 0) == isinstance(target, Nchan)
