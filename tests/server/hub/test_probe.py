"""Whether events come in, found out without anybody having to wait for one."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from server.hub.counters import Counters, Resync
from server.hub.hub import Hub, Intervals
from storage.commands import PooledCommands
from storage.connect import connect
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.settings import StorageSettings
from tests.server.hub.conftest import NEVER, Scene
from tests.server.support.gates import Page, gated_line
from tests.server.support.player import Player
from tests.support.line import Line, line_to
from tests.support.listening import eventually

OFTEN = 0.05
PROBING = Intervals(touch=NEVER, linger=NEVER, backstop=NEVER, probe=OFTEN, probe_answer=1)


async def until(true: Callable[[], bool]) -> None:
    async def is_so() -> bool:
        return true()

    await eventually(is_so)


async def until_lost_and_back(scene: Scene, times: int) -> None:
    """Away it is for a moment only, which nobody who looks now and then need see."""
    await until(lambda: scene.counters.reconnects == times)


@pytest.fixture
def intervals() -> Intervals:
    return PROBING


@pytest.fixture
async def line(redis_url: str) -> AsyncIterator[Line]:
    async with line_to(redis_url) as line:
        yield line


async def test_probes_go_round_whether_anybody_watches_or_not_and_are_counted(scene: Scene) -> None:
    await until(lambda: len(scene.counters.probes) >= 3)
    assert all(seconds >= 0 for seconds in scene.counters.probes)
    assert scene.counters.resyncs == {}


@pytest.mark.parametrize("intervals", [Intervals(NEVER, NEVER, NEVER, NEVER, NEVER)])
async def test_the_first_probe_does_not_wait_for_its_time(scene: Scene) -> None:
    assert scene.hub.ready
    assert len(scene.counters.probes) == 1


async def test_a_connection_that_stands_and_brings_nothing_is_made_anew_and_nothing_is_lost(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    begun = page.heard[0]
    silence = scene.line.hold(b"*")
    await silence.reached()
    done = await own_player.succeed(job_id)
    await page.until("unavailable")
    assert not scene.hub.ready
    silence.open()
    await page.until(done.version)
    assert page.heard == [begun, "subscribed 1", "unavailable", done.version]
    assert scene.counters.resyncs == {Resync.PROBE: 1}
    assert scene.counters.reconnects == 1
    await until(lambda: scene.hub.ready)


async def test_a_connection_that_does_not_even_acknowledge_is_made_anew(scene: Scene) -> None:
    swallowed = scene.line.stop(b"probe:")
    await swallowed.reached()
    await until(lambda: not scene.hub.up)
    swallowed.open()
    await until(lambda: scene.hub.ready)
    assert scene.counters.resyncs == {Resync.PROBE: 1}


@pytest.mark.parametrize("intervals", [Intervals(NEVER, NEVER, NEVER, probe=OFTEN, probe_answer=0.000_001)])
async def test_a_probe_that_was_here_when_its_time_was_over_and_only_not_read_has_come_back(scene: Scene) -> None:
    await until(lambda: len(scene.counters.probes) >= 3)


@pytest.mark.parametrize("astray", ["what scripts go over", "what snapshots are read over"])
async def test_two_connections_that_lead_to_different_places_are_not_taken_for_one(
    redis: Redis, redis_url: str, keys: Keys, storage_settings: StorageSettings, astray: str
) -> None:
    counters = Counters()
    with running() as elsewhere:
        async with connect(SecretStr(elsewhere.url)) as other:
            scripts, snapshots = (other, redis) if astray == "what scripts go over" else (redis, other)
            store = JobStore(scripts, keys, storage_settings, commands=PooledCommands(snapshots))
            hub = Hub(scripts, store, keys, SecretStr(redis_url), counters=counters, intervals=PROBING)
            await hub.start()
            await until(lambda: counters.resyncs[Resync.PROBE] >= 1)
            assert not hub.ready
            await hub.aclose()


async def test_a_probe_that_cannot_be_sent_is_no_fault_of_the_connection_for_events(
    redis_url: str, redis: Redis, keys: Keys, store: JobStore, own_player: Player, line: Line
) -> None:
    counters, long = Counters(), Intervals(NEVER, NEVER, NEVER, probe=OFTEN, probe_answer=NEVER)
    async with connect(SecretStr(line.url)) as commands:
        hub = Hub(commands, store, keys, SecretStr(redis_url), counters=counters, intervals=long)
        await hub.start()
        await until(lambda: hub.ready)
        job_id = await own_player.running()
        page = Page()
        hub.watch(page, {job_id: NO_VERSION})
        await page.until("subscribed 1")

        line.cut()
        await until(lambda: not hub.ready)
        await until(lambda: line.refused >= 2)
        assert hub.up
        done = await own_player.succeed(job_id)
        await page.until(done.version)

        line.mend()
        await until(lambda: hub.ready)
        assert "unavailable" not in page.heard
        assert counters.resyncs == {}
        await hub.aclose()


@pytest.mark.parametrize("intervals", [Intervals(NEVER, NEVER, NEVER, NEVER, NEVER)])
async def test_after_a_loss_the_old_probe_does_not_speak_for_the_new_connection(scene: Scene) -> None:
    probing = scene.line.stop(b"probe:")
    scene.line.drop()
    await probing.reached()
    assert scene.hub.up
    assert not scene.hub.ready
    probing.open()
    await until(lambda: scene.hub.ready)


async def test_a_probe_of_which_nothing_is_heard_for_long_makes_the_hub_not_ready(
    redis_url: str, keys: Keys, store: JobStore
) -> None:
    soon = Intervals(NEVER, NEVER, NEVER, probe=OFTEN, probe_answer=0.2)
    async with gated_line(redis_url) as line, connect(SecretStr(line.url), seconds=60) as commands:
        hub = Hub(commands, store, keys, SecretStr(redis_url), counters=Counters(), intervals=soon)
        await hub.start()
        await until(lambda: hub.ready)
        publishing = line.stop(b"PUBLISH")
        await until(lambda: not hub.ready)
        assert hub.up
        publishing.open()
        await until(lambda: hub.ready)
        await hub.aclose()


async def test_a_probe_that_is_refused_is_told_and_the_hub_is_not_ready(
    redis: Redis, keys: Keys, store: JobStore, redis_url: str
) -> None:
    user = f"mute-{keys.prefix.rstrip(':')}"
    await redis.acl_setuser(user, enabled=True, passwords=["+word"], keys=["*"], channels=["*"], categories=["+@all"])
    async with connect(SecretStr(redis_url.replace("unix://", f"unix://{user}:word@"))) as mute:
        hub = Hub(mute, store, keys, SecretStr(redis_url), counters=Counters(), intervals=PROBING)
        await hub.start()
        await until(lambda: hub.ready)
        await redis.acl_setuser(user, enabled=True, commands=["-publish"])
        await until(lambda: not hub.ready)
        assert hub.up
        await redis.acl_setuser(user, enabled=True, commands=["+publish"])
        await until(lambda: hub.ready)
        await hub.aclose()
    await redis.acl_deluser(user)


async def test_of_sixty_four_events_one_is_looked_at_for_how_late_it_is(
    scene: Scene, redis: Redis, own_player: Player
) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    far = 9_000_000_000_000_000
    for version in range(far, far + 64):
        await redis.publish(scene.keys.job(job_id), b"%016da{}" % version)
    await page.until(far + 63)
    assert list(scene.counters.lags) == [0.0]
    for version in (*range(far + 64, far + 127), far + 127):
        await redis.publish(scene.keys.job(job_id), b"%016da{}" % version)
    await page.until(far + 127)
    assert len(scene.counters.lags) == 2
    await asyncio.sleep(0)


@pytest.mark.parametrize("intervals", [Intervals(NEVER, NEVER, NEVER, NEVER, NEVER)])
async def test_redis_is_back_when_a_probe_is_and_what_is_lost_before_was_never_back(scene: Scene) -> None:
    with capture_logs() as logs:
        probing = scene.line.stop(b"probe:")
        for losses in (1, 2, 3):
            scene.line.drop()
            await until_lost_and_back(scene, losses)
            await probing.reached()
            probing.close()
        assert [line["event"] for line in logs] == ["redis lost"]
        probing.open()
        await until(lambda: scene.hub.ready)
    assert [(line["event"], line.get("reason")) for line in logs] == [("redis lost", "lost"), ("redis back", None)]


async def test_what_redis_refuses_the_event_connection_is_told_in_its_words(
    redis: Redis, keys: Keys, store: JobStore, redis_url: str
) -> None:
    user = f"deaf-{keys.prefix.rstrip(':')}"
    await redis.acl_setuser(user, enabled=True, passwords=["+word"], reset_channels=True, categories=["+@all"])
    url = SecretStr(redis_url.replace("unix://", f"unix://{user}:word@"))
    hub = Hub(redis, store, keys, url, counters=Counters(), intervals=PROBING)
    with capture_logs() as logs:
        await hub.start()
        await until(lambda: bool(logs))
        await redis.acl_setuser(user, enabled=True, channels=["*"])
        await until(lambda: hub.ready)
    await hub.aclose()
    await redis.acl_deluser(user)
    assert [line["event"] for line in logs] == ["redis lost", "redis back"]
    assert "permissions" in logs[0]["reason"]


async def test_a_probe_that_fails_by_a_fault_is_followed_by_another(scene: Scene) -> None:
    ask, scene.store.commands.ask = scene.store.commands.ask, None  # type: ignore[method-assign, assignment]
    with capture_logs() as logs:
        await until(lambda: bool(logs))
    scene.store.commands.ask = ask  # type: ignore[method-assign]
    assert {line["event"] for line in logs} == {"crashed"}
    await until(lambda: scene.hub.ready)
