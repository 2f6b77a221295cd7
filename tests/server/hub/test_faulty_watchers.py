"""A watcher that raises: it is ended, and nobody else notices anything."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed

from server.hub.connection import Limits
from server.hub.counters import Counters
from server.hub.event_stream import Stream
from server.hub.hub import Hub
from server.hub.subscription import Event, Subscription
from server.hub.websocket import Socket
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId, new_job_id
from storage.settings import StorageSettings
from tests.server.hub.conftest import BY_HAND, Scene
from tests.server.support.client import client
from tests.server.support.gates import Page
from tests.server.support.player import Player
from tests.server.support.serving import serving
from tests.support.listening import eventually

Logs = list[MutableMapping[str, Any]]


class Faulty(Page):
    """A page that raises whenever it is told one kind of thing."""

    def __init__(self, of: str, *, to_the_end: bool = False) -> None:
        super().__init__()
        self._of = of
        self._to_the_end = to_the_end
        self.raised = self.failed = 0

    def _tell(self, what: str) -> None:
        if what == self._of:
            self.raised += 1
            raise RuntimeError(f"{what} is too much")

    def deliver(self, subscription: Subscription, event: Event) -> None:
        if event.final:
            self._tell("final")
        self._tell("deliver")
        super().deliver(subscription, event)

    def missing(self, subscription: Subscription, *, expired: bool) -> None:
        self._tell("missing")
        super().missing(subscription, expired=expired)

    def subscribed(self, job_ids: list[JobId]) -> None:
        self._tell("subscribed")
        super().subscribed(job_ids)

    def unavailable(self) -> None:
        self._tell("unavailable")
        super().unavailable()

    def fail(self) -> None:
        self.failed += 1
        if self._to_the_end:
            raise RuntimeError("not even this")


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as logs:
        yield logs


def crashes(logs: Logs) -> list[str]:
    return [str(line["exc_info"]) for line in logs if line["event"] == "crashed"]


@pytest.mark.parametrize("to_the_end", [False, True])
async def test_an_event_that_one_of_three_stumbles_over_reaches_the_others_and_costs_no_connection(
    scene: Scene, own_player: Player, logs: Logs, to_the_end: bool
) -> None:
    job_id, other = await own_player.running(), await own_player.running()
    faulty = Faulty("final", to_the_end=to_the_end)
    before = await scene.watching(job_id)
    scene.hub.watch(faulty, {job_id: NO_VERSION, other: NO_VERSION})
    await faulty.until("subscribed 2")
    after = await scene.watching(job_id)

    done = await own_player.succeed(job_id)
    for page in (before, after):
        await page.until(done.version)

    assert (faulty.raised, faulty.failed) == (1, 1)
    assert crashes(logs)[0] == "final is too much"
    assert scene.hub.up
    assert scene.counters.resyncs == {}
    assert "unavailable" not in before.heard + after.heard
    assert scene.hub.subscriptions == 2


async def test_who_raised_is_told_nothing_more_and_what_it_alone_watched_is_left(
    scene: Scene, own_player: Player, logs: Logs
) -> None:
    job_id, other = await own_player.running(), await own_player.running()
    faulty = Faulty("final")
    scene.hub.watch(faulty, {job_id: NO_VERSION, other: NO_VERSION})
    await faulty.until("subscribed 2")
    witness = await scene.watching(other)
    await own_player.succeed(job_id)
    done = await own_player.succeed(other)
    await witness.until(done.version)

    assert (faulty.raised, scene.hub.subscriptions, len(crashes(logs))) == (1, 1, 1)
    assert scene.hub.unwatch(faulty, [job_id, other]) == []
    scene.hub.watch(Page(), {job_id: NO_VERSION})
    assert scene.hub.subscriptions == 2


@pytest.mark.parametrize("intervals", [replace(BY_HAND, linger=0.05)])
async def test_what_nobody_but_the_one_that_raised_has_watched_is_left_in_time(
    scene: Scene, own_player: Player, logs: Logs
) -> None:
    job_ids = [await own_player.running() for _ in range(2)]
    faulty = Faulty("final")
    scene.hub.watch(faulty, dict.fromkeys(job_ids, NO_VERSION))
    await faulty.until("subscribed 2")
    await own_player.succeed(job_ids[0])

    async def nothing_is_left() -> bool:
        return scene.hub.channels == 0

    await eventually(nothing_is_left)
    assert faulty.failed == 1


async def test_who_stumbles_while_it_leaves_has_left_everything(scene: Scene, own_player: Player) -> None:
    job_id, late, later = [await own_player.running() for _ in range(3)]
    await scene.watching(job_id)
    subscribing = scene.line.stop(late.encode())
    faulty = Faulty("subscribed")
    scene.hub.watch(faulty, dict.fromkeys((late, later, job_id), NO_VERSION))
    while not faulty.heard:  # noqa: ASYNC110 - it is about to be told the one state
        await asyncio.sleep(0.005)
    with pytest.raises(RuntimeError, match="subscribed is too much"):
        scene.hub.unwatch(faulty, [late, later])
    assert scene.hub.subscriptions == 2, "of the witness, and the one that was not left"
    subscribing.open()


@pytest.mark.parametrize("of", ["deliver", "missing", "subscribed"])
async def test_a_snapshot_that_one_stumbles_over_reaches_the_others_and_more_are_read_afterwards(
    scene: Scene, own_player: Player, logs: Logs, of: str
) -> None:
    job_id = new_job_id() if of == "missing" else await own_player.running()
    scene.store.asked.close()
    faulty, page = Faulty(of), Page()
    scene.hub.watch(faulty, {job_id: NO_VERSION})
    scene.hub.watch(page, {job_id: NO_VERSION})
    other = await own_player.running()
    later = scene.watch(other)
    scene.store.asked.open()

    await page.until("subscribed 1")
    await later.until("subscribed 1")
    again = await scene.watching(await own_player.running())
    assert len(again.heard) == 2
    assert (faulty.raised, faulty.failed, len(crashes(logs))) == (1, 1, 1)
    assert scene.hub.ready


async def test_a_record_that_cannot_be_understood_is_not_passed_off_as_a_state_and_others_are_read(
    scene: Scene, own_player: Player, logs: Logs
) -> None:
    broken = await own_player.running()
    await scene.redis.hset(scene.keys.job(broken), "record", "1")  # type: ignore[misc]
    page = scene.watch(broken)
    await page.until("unavailable")
    assert page.heard == ["unavailable"]
    await scene.watching(await own_player.running())
    assert len(crashes(logs)) == 1
    assert scene.hub.ready


async def test_that_redis_is_away_is_told_to_all_but_the_one_that_stumbles_over_it(
    scene: Scene, own_player: Player, logs: Logs
) -> None:
    job_id = await own_player.running()
    faulty = Faulty("unavailable")
    before = await scene.watching(job_id)
    scene.hub.watch(faulty, {job_id: NO_VERSION})
    await faulty.until("subscribed 1")
    after = await scene.watching(job_id)
    probing = scene.line.stop(b"probe:")  # so that nobody is told that it is back
    scene.line.drop()
    for page in (before, after):
        await page.until("unavailable")
    assert (faulty.failed, len(crashes(logs))) == (1, 1)
    probing.open()


class Broken(JobStore):
    """A store that cannot be read."""

    async def get_many(self, job_ids: object) -> Any:
        raise RuntimeError("a fault of ours")


async def test_who_stumbles_over_a_snapshot_that_cannot_be_read_does_not_end_the_reading(
    redis: Redis, redis_url: str, storage_settings: StorageSettings, keys: Keys, logs: Logs
) -> None:
    store = Broken(redis, keys, storage_settings)
    hub = Hub(redis, store, keys, SecretStr(redis_url), counters=Counters(), intervals=BY_HAND)
    await hub.start()
    page, faulty, job_id = Page(), Faulty("unavailable"), new_job_id()
    hub.watch(page, {job_id: NO_VERSION})
    await page.until("unavailable")  # there is no connection yet
    await page.until("unavailable", 2)
    hub.watch(faulty, {job_id: NO_VERSION})

    async def has_failed() -> bool:
        return faulty.failed == 1

    await eventually(has_failed)
    late = Page()
    hub.watch(late, {job_id: NO_VERSION})
    await late.until("unavailable")

    async def is_ready() -> bool:
        return hub.ready

    await eventually(is_ready)  # the first probe may still be on its way
    await hub.aclose()


class FaultySocket(Socket):
    __slots__ = ()

    def deliver(self, subscription: Subscription, event: Event) -> None:
        raise RuntimeError("a fault of ours")


@pytest.fixture
async def hub(redis: Redis, redis_url: str, store: JobStore, keys: Keys) -> AsyncIterator[Hub]:
    hub = Hub(redis, store, keys, SecretStr(redis_url), counters=Counters())
    await hub.start()
    yield hub
    await hub.aclose()


async def test_a_socket_that_raised_is_cut_so_that_its_client_comes_again(
    hub: Hub, own_player: Player, logs: Logs
) -> None:
    job_id = await own_player.running()
    async with serving(hub, Counters(), Limits()) as here, client(here.url) as socket:
        await socket.next()
        (guest,) = here.drain._guests
        guest.__class__ = FaultySocket
        with pytest.raises(ConnectionClosed):
            await socket.subscribe(job_id)
    assert hub.subscriptions == 0
    assert crashes(logs) == ["a fault of ours"]


class Line:
    """A connection under an event stream, which has room."""

    on_ready: Callable[[], None] | None = None
    on_lost: Callable[[], None] | None = None
    pipelined = False
    ready = True
    left = 0
    aborted = False

    def keep_open(self, silence: float) -> None: ...

    def write(self, data: bytes) -> None: ...

    def abort(self) -> None:
        self.aborted = True


async def test_an_event_stream_that_raised_is_cut_and_over(hub: Hub) -> None:
    line = Line()
    stream = Stream(hub, line, [], Limits(), Counters(), 0)
    stream.fail()
    assert (line.aborted, stream.over.is_set()) == (True, True)
