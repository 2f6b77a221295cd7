"""What `/metrics` says of the queue: of one process and of several, and while Redis is away."""

from collections.abc import Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from server.queue_figures import KNOWN_SECONDS, QueueFigures
from storage.commands import PooledCommands
from storage.embedded import running
from storage.keys import Keys
from storage.overview import OverviewReader
from storage.providers import Providers
from storage.workers import Place, Worker, Workers
from tests.server.conftest import keyed
from tests.server.support.figures import Figures, figures, until
from tests.server.support.player import Player
from tests.storage.asked import Asked
from tests.support.clock import Clock
from tests.support.limner import Server

Start = Callable[..., Server]


@pytest.fixture
async def at_work(redis: Redis, keys: Keys, own_player: Player) -> None:
    """A worker, two jobs that wait for it, one that runs, one that failed, and a provider that is paused."""
    commands = PooledCommands(redis)
    kinds = {"portrait": Place(provider="painter", at_once=1)}
    await Workers(commands, keys).note(Worker(name="one", host="atelier", pid=7, kinds=kinds))
    for _ in range(2):
        await own_player.submit()
    await own_player.running()
    await own_player.fail(await own_player.running())
    await Providers(commands, keys).pause("grammar")


def expect_at_work(now: Figures) -> None:
    of = {"kind": "portrait", "provider": "painter"}
    assert now("jobs_waiting", **of) == 2
    assert now("jobs_running", **of) == 1
    assert now("jobs_failed", **of) == 1
    assert now("oldest_wait_seconds", **of) > 0
    assert now("jobs_delayed") == 0
    assert now("workers") == 1
    assert now("provider_paused", provider="grammar") == 1
    assert now("provider_paused", provider="painter") == 0


@pytest.mark.usefixtures("at_work")
def test_several_processes_say_the_same_and_do_not_add_it_up(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    one, other = start(), start()
    for server in (one, other, one):
        now = figures(server)
        expect_at_work(now)
        assert now("processes") == 2


@pytest.mark.usefixtures("at_work")
async def test_what_is_in_the_queue_is_told_and_what_somebody_has_tried_again_is_counted(start: Start) -> None:
    server = start(operator_key="key")
    async with keyed(server, "key") as operator:
        expect_at_work(Figures((await operator.get("/metrics")).text))
        assert (await operator.post("/jobs/retry", json={"all": True})).status_code == 200
        assert Figures((await operator.get("/metrics")).text)("jobs_retried_total") == 1


async def test_while_redis_is_away_the_rest_is_told(start: Start) -> None:
    with running() as valkey:
        server = start(redis_url=valkey.url)
        assert figures(server)("workers") == 0
    now = await until(server, lambda now: "limner_workers" not in now.names())
    assert now("processes") == 1


async def test_it_is_read_once_a_second_at_most(redis: Redis, keys: Keys, own_player: Player) -> None:
    clock, asked = Clock(), Asked(PooledCommands(redis))
    queue = QueueFigures(OverviewReader(asked, keys), clock)

    await queue.read()
    trips = len(asked.round_trips)
    await own_player.submit()
    await queue.read()
    assert len(asked.round_trips) == trips

    clock.now += KNOWN_SECONDS
    await queue.read()
    waiting = next(family for family in queue.collect() if family.name == "limner_jobs_waiting")
    assert [sample.value for sample in waiting.samples] == [1]
