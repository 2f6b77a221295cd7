"""Everything again after a loss, for many at once: in small portions, and with few commands."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from server.hub.channels import BATCH
from server.hub.subscription import Event, Subscription
from storage.connect import connect
from storage.embedded import running
from storage.records.ids import JobId, new_job_id
from tests.server.hub.conftest import Scene
from tests.server.support.gates import Page
from tests.server.support.player import Player
from tests.support.listening import eventually

MANY = 1_000


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Valkey of the test's own, so that the commands it counts are the hub's."""
    with running() as valkey:
        yield valkey.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(SecretStr(redis_url)) as client:
        yield client


class Turns:
    """Counts the turns of the loop."""

    def __init__(self) -> None:
        self.count = 0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.count += 1

    def stop(self) -> None:
        self._task.cancel()


class Portions:
    """How many of all pages were told something in one turn, by what it was."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.told: Counter[tuple[str, int]] = Counter()

    def note(self, what: str) -> None:
        self.told[what, self._turns.count] += 1

    def largest(self, what: str) -> int:
        return max(count for (told, _), count in self.told.items() if told == what)

    def total(self, what: str) -> int:
        return sum(count for (told, _), count in self.told.items() if told == what)


class Counted(Page):
    def __init__(self, portions: Portions) -> None:
        super().__init__()
        self._portions = portions

    def deliver(self, subscription: Subscription, event: Event) -> None:
        super().deliver(subscription, event)
        self._portions.note("state")

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        super().missing(subscription, expired=expired)
        self._portions.note("missing")

    def unavailable(self) -> None:
        super().unavailable()
        self._portions.note("unavailable")


async def commands(redis: Redis) -> Counter[str]:
    """How often each command was called so far."""
    stats = await redis.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): values["calls"] for name, values in stats.items()})


async def test_who_comes_back_costs_two_commands_at_the_most(scene: Scene, redis: Redis) -> None:
    job_ids = [new_job_id() for _ in range(MANY)]
    before = await commands(redis)
    pages = []
    for job_id in job_ids:
        pages.append(scene.watch(job_id))
        await asyncio.sleep(0)
    await asyncio.gather(*(page.until("subscribed 1") for page in pages))
    spent = await commands(redis) - before
    assert spent["hmget"] == MANY
    assert spent.total() - spent["info"] <= 2 * MANY, spent


async def test_after_a_loss_they_are_subscribed_and_told_in_portions(scene: Scene, redis: Redis) -> None:
    turns = Turns()
    portions = Portions(turns)
    pages = [Counted(portions) for _ in range(MANY)]
    job_ids = [new_job_id() for _ in pages]
    for page, job_id in zip(pages, job_ids, strict=True):
        scene.hub.watch(page, {job_id: b"0" * 16})
    await asyncio.gather(*(page.until("subscribed 1") for page in pages))
    portions.told.clear()
    before = await commands(redis)

    scene.line.drop()
    await asyncio.gather(*(page.until("unknown", times=2) for page in pages))
    turns.stop()

    spent = await commands(redis) - before
    assert spent["subscribe"] <= MANY // BATCH + 1
    assert spent["hmget"] == MANY
    assert spent["time"] <= MANY // BATCH * 2
    assert portions.total("missing") == MANY
    assert portions.largest("missing") <= BATCH
    assert portions.largest("unavailable") <= BATCH


async def test_who_was_not_told_yet_that_redis_is_away_is_not_told_when_it_is_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.events.RECONNECT_FIRST", 0.0)
    monkeypatch.setattr("storage.events.RECONNECT_MOST", 0.0)
    job_id = new_job_id()
    pages = [scene.watch(job_id) for _ in range(10 * MANY)]
    await asyncio.gather(*(page.until("subscribed 1") for page in pages))
    scene.line.drop()
    await asyncio.gather(*(page.until("unknown", times=2) for page in pages))
    await scene.watching(new_job_id())
    assert pages[0].heard == ["unknown", "subscribed 1", "unavailable", "unknown"]
    assert {page.heard[-1] for page in pages} == {"unknown"}


async def test_a_loss_between_two_portions_leaves_none_of_them_out(scene: Scene, own_player: Player) -> None:
    job_ids = [new_job_id() for _ in range(2 * BATCH + 1)]
    first, last = job_ids[0], job_ids[-1]
    subscribing = scene.line.stop(scene.channel(last))
    pages = {job_id: scene.watch(job_id) for job_id in job_ids}
    await pages[first].until("subscribed 1")
    await subscribing.reached()
    scene.line.drop()
    subscribing.open()
    await asyncio.gather(*(page.until("subscribed 1") for page in pages.values()))
    for job_id in (first, last):
        await own_player.submit(job_id)
        await pages[job_id].until((await own_player.job(job_id)).version)


async def test_the_first_connection_is_no_resync(scene: Scene) -> None:
    assert scene.counters.reconnects == 0
    assert scene.counters.resyncs == {}


async def test_a_channel_that_was_deserted_is_not_subscribed_to_again(scene: Scene, own_player: Player) -> None:
    kept, left = await own_player.running(), await own_player.running()
    page = await scene.watching(kept)
    scene.hub.unwatch(await scene.watching(left), [left])
    assert await scene.listeners(left) == 1
    scene.line.drop()
    await page.until("unavailable")
    done = await own_player.succeed(JobId(kept))
    await page.until(done.version)

    async def only_one() -> bool:
        return [await scene.listeners(job_id) for job_id in (kept, left)] == [1, 0]

    await eventually(only_one)
