"""What cannot be read now, or not at all, holds nobody up who has nothing to do with it."""

from collections.abc import Sequence

from pydantic import SecretStr

from server.hub.counters import Counters
from server.hub.hub import Hub
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.settings import StorageSettings
from storage.stored import Stored
from tests.server.hub.conftest import BY_HAND, Scene
from tests.server.support.gates import Page
from tests.server.support.player import Player
from tests.support.line import line_to
from tests.support.listening import eventually


class Counting(JobStore):
    """The real store, and how often it was asked for many."""

    asked = 0

    async def get_many(self, job_ids: Sequence[JobId]) -> list[Stored | None]:
        self.asked += 1
        return await super().get_many(job_ids)


async def test_a_key_that_is_no_job_does_not_hold_up_those_that_are_read_with_it(
    scene: Scene, own_player: Player
) -> None:
    bad, good = await own_player.running(), await own_player.running()
    await scene.redis.delete(scene.keys.job(bad))
    await scene.redis.set(scene.keys.job(bad), "no hash")
    scene.store.asked.close()
    holding = scene.watch(JobId("00000000-0000-4000-8000-000000000000"))
    await scene.store.asked.reached()
    both, one = scene.watch(bad, good), scene.watch(good)
    await scene.redis.ping()
    scene.store.asked.open()
    await holding.until("subscribed 1")
    await one.until("subscribed 1")
    version = (await own_player.job(good)).version
    assert one.heard == [version, "subscribed 1"]
    await both.until("unavailable")
    await scene.redis.delete(scene.keys.job(bad))
    await both.until("subscribed 2")
    assert sorted(map(str, both.heard)) == sorted([str(version), "unavailable", "unknown", "subscribed 2"])


async def test_a_record_that_cannot_be_understood_is_read_again_until_it_can(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    record = await scene.redis.hget(scene.keys.job(job_id), "record")  # type: ignore[misc]
    await scene.redis.hset(scene.keys.job(job_id), "record", "")  # type: ignore[misc]
    page = scene.watch(job_id)
    await page.until("unavailable")
    await scene.redis.hset(scene.keys.job(job_id), "record", record)  # type: ignore[misc]
    await page.until("subscribed 1")
    assert page.heard == ["unavailable", (await own_player.job(job_id)).version, "subscribed 1"]


async def test_while_nothing_can_be_read_each_who_waits_is_told_once(
    redis_url: str, keys: Keys, storage_settings: StorageSettings, own_player: Player
) -> None:
    job_id, other = await own_player.running(), await own_player.running()
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as commands:
        store = Counting(commands, keys, storage_settings)
        hub = Hub(commands, store, keys, SecretStr(redis_url), counters=Counters(), intervals=BY_HAND)
        await hub.start()

        async def is_ready() -> bool:
            return hub.ready

        async def asked_thrice() -> bool:
            return store.asked >= 3

        await eventually(is_ready)
        line.cut()
        page, late = Page(), Page()
        hub.watch(page, {job_id: NO_VERSION})
        await page.until("unavailable")
        hub.watch(late, {other: NO_VERSION})
        await late.until("unavailable")
        await eventually(asked_thrice)
        line.mend()
        await page.until("subscribed 1")
        await late.until("subscribed 1")
        await hub.aclose()
    assert page.heard == ["unavailable", (await own_player.job(job_id)).version, "subscribed 1"]
    assert late.heard == ["unavailable", (await own_player.job(other)).version, "subscribed 1"]
