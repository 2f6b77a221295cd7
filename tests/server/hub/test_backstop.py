"""What no event has told is found, and an event that is still under way is not taken for a find."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from server.hub.counters import Counters
from server.hub.hub import Hub, Intervals
from storage.commands import Command, Commands, PooledCommands
from storage.connect import connect
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.settings import StorageSettings
from tests.server.hub.conftest import NEVER, Scene
from tests.server.support.gates import Page
from tests.server.support.player import Player
from tests.support.listening import eventually

COMPARING = Intervals(touch=NEVER, linger=NEVER, backstop=0.05, probe=NEVER, probe_answer=NEVER)


@pytest.fixture
def intervals() -> Intervals:
    return COMPARING


async def test_a_change_that_was_never_published_is_found_told_and_counted(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    with capture_logs() as logs:
        later = await scene.change_in_silence(job_id)
        await page.until(later)
    assert page.heard.count(later) == 1
    assert scene.counters.finds == 1
    assert [line for line in logs if line["event"] == "changes missed"] == [
        {"event": "changes missed", "log_level": "warning", "job": job_id[:8], "jobs": 1}
    ]


async def test_an_event_that_is_under_way_is_no_find(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    event = scene.line.hold(scene.channel(job_id))
    probing = scene.line.stop(b"probe:")
    done = await own_player.succeed(job_id)
    await event.reached()
    await probing.reached()
    probes = len(scene.counters.probes)
    probing.open()
    event.open()
    await page.until(done.version)

    async def gone_round() -> bool:
        return len(scene.counters.probes) > probes

    await eventually(gone_round)
    assert scene.counters.finds == 0
    assert page.heard.count(done.version) == 1


async def test_what_changes_all_the_time_is_never_a_find(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    for step in range(200):
        await own_player.advance(job_id, step / 1_000)
    done = await own_player.succeed(job_id)
    await page.until(done.version)
    assert scene.counters.finds == 0


async def test_what_a_snapshot_from_before_a_loss_said_is_not_what_is_compared(
    scene: Scene, own_player: Player
) -> None:
    lost, other = await own_player.running(), await own_player.running()
    scene.store.answered.close()
    page = scene.watch(lost)
    await scene.store.answered.reached()
    scene.line.drop()
    await page.until("unavailable")
    await scene.redis.delete(scene.keys.job(lost))
    await scene.until_ready()
    scene.store.answered.open()
    await page.until("subscribed 1")
    witness = await scene.watching(other)
    await witness.until(await scene.change_in_silence(other))
    assert scene.counters.finds == 1
    assert page.heard == ["unavailable", "unknown", "subscribed 1"]


async def test_an_event_that_overtook_the_snapshot_is_what_is_compared(scene: Scene, own_player: Player) -> None:
    job_id, other = await own_player.running(), await own_player.running()
    witness, marker = await scene.watching(job_id), await scene.watching(other)
    scene.store.answered.close()
    page = scene.watch(job_id)
    await scene.store.answered.reached()
    news = await own_player.advance(job_id, 0.5)
    await witness.until(news.version)
    scene.store.answered.open()
    await page.until("subscribed 1")
    await marker.until(await scene.change_in_silence(other))
    assert scene.counters.finds == 1
    assert page.heard == [news.version, "subscribed 1"]


async def test_where_no_probe_can_be_sent_a_change_is_told_and_not_counted(
    redis: Redis, redis_url: str, scene: Scene, own_player: Player
) -> None:
    user, counters = f"mute-{scene.keys.prefix.rstrip(':')}", Counters()
    await redis.acl_setuser(user, enabled=True, passwords=["+word"], keys=["*"], categories=["+@all"])
    async with connect(SecretStr(redis_url.replace("unix://", f"unix://{user}:word@"))) as mute:
        hub = Hub(mute, scene.store, scene.keys, SecretStr(redis_url), counters=counters, intervals=COMPARING)
        await hub.start()
        job_id = await own_player.running()
        page = Page()
        hub.watch(page, {job_id: NO_VERSION})
        await page.until("subscribed 1")
        await page.until(await scene.change_in_silence(job_id))
        assert counters.finds == 0
        await hub.aclose()
    await redis.acl_deluser(user)


async def test_where_the_probe_does_not_go_round_it_is_told_and_not_counted(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    probing = scene.line.stop(b"probe:")
    later = await scene.change_in_silence(job_id)
    await probing.reached()
    scene.line.drop()
    probing.open()
    await page.until(later)
    assert scene.counters.finds == 0


async def test_who_watches_a_job_that_redis_has_lost_is_told_that_it_is_unknown(
    scene: Scene, redis: Redis, own_player: Player
) -> None:
    jobs = [await own_player.running(), await own_player.submit(), JobId((await own_player.finished()).id)]
    pages = [await scene.watching(job_id) for job_id in jobs]
    await redis.delete(*(scene.keys.job(job_id) for job_id in jobs))
    for page in pages:
        await page.until("unknown")
        assert page.heard.count("unknown") == 1
    assert scene.counters.finds == 2, "of the unfinished ones; a finished one may have come to its time"


async def test_one_that_is_unknown_is_not_found_again_and_again(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    unknown = await scene.watching(JobId("00000000-0000-4000-8000-000000000000"))
    page = await scene.watching(job_id)
    later = await scene.change_in_silence(job_id)
    await page.until(later)
    later = await scene.change_in_silence(job_id)
    await page.until(later)
    assert unknown.heard == ["unknown", "subscribed 1"]
    assert scene.counters.finds == 2


@pytest.mark.parametrize("intervals", [Intervals(NEVER, linger=0.02, backstop=0.05, probe=NEVER, probe_answer=NEVER)])
async def test_what_is_left_while_it_is_compared_is_no_find(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    event, probing = scene.line.hold(scene.channel(job_id)), scene.line.stop(b"probe:")
    await own_player.advance(job_id, 0.5)
    await event.reached()
    await probing.reached()
    probes = len(scene.counters.probes)
    scene.hub.unwatch(page, [job_id])

    async def is_left() -> bool:
        return scene.hub.channels == 0

    await eventually(is_left)
    event.open()
    probing.open()

    async def gone_round() -> bool:
        return len(scene.counters.probes) > probes

    await eventually(gone_round)
    witness = await scene.watching(await own_player.running())
    assert len(witness.heard) == 2
    assert scene.counters.finds == 0


class Astray:
    """Publishes where all others do, and reads `elsewhere` until it is made anew."""

    def __init__(self, here: Commands, elsewhere: Commands) -> None:
        self._here = here
        self._elsewhere = elsewhere

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        return await (self._here if commands[0][0] == b"PUBLISH" else self._elsewhere).ask(commands)

    async def renew(self) -> None:
        self._elsewhere = self._here


async def test_where_reading_anew_does_not_mend_it_all_connections_are_made_anew(
    redis: Redis, redis_url: str, keys: Keys, storage_settings: StorageSettings, own_player: Player
) -> None:
    job_id = await own_player.running()
    with running() as old:
        async with connect(SecretStr(old.url)) as other:
            await other.restore(keys.job(job_id), 0, await redis.dump(keys.job(job_id)))
            commands = Astray(PooledCommands(redis), PooledCommands(other))
            hub = Hub(
                redis,
                JobStore(redis, keys, storage_settings, commands=commands),
                keys,
                SecretStr(redis_url),
                counters=Counters(),
                intervals=COMPARING,
                on_deaf=commands.renew,
            )
            await hub.start()
            done = await own_player.succeed(job_id)
            page = Page()
            hub.watch(page, {job_id: NO_VERSION})
            await page.until(done.version)
            await hub.aclose()
