"""The hub over a real Redis, with the order of things in the test's hand."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from server.hub.counters import Counters
from server.hub.hub import Hub
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.settings import StorageSettings
from tests.server.support.listener import Follower
from tests.server.support.player import Player
from tests.server.support.proxy import HoldingProxy, holding_proxy


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[HoldingProxy]:
    async with holding_proxy(redis_url) as proxy:
        yield proxy


@pytest.fixture
async def hub(redis_url: str, keys: Keys, storage_settings: StorageSettings, proxy: HoldingProxy) -> AsyncIterator[Hub]:
    """A hub whose events come directly, and whose snapshots come through the proxy."""
    async with connect(SecretStr(proxy.url)) as client:
        hub = Hub(client, JobStore(client, keys, storage_settings), keys, SecretStr(redis_url), counters=Counters())
        await hub.start()
        yield hub
        proxy.release()
        await hub.aclose()


async def watch(hub: Hub, job_id: JobId) -> Follower:
    """Somebody who watches the job from its beginning, and knows how it stands."""
    follower = Follower()
    hub.watch(follower, {job_id: NO_VERSION})
    await follower.until("subscribed 1")
    return follower


async def test_who_comes_while_a_snapshot_is_being_read_misses_nothing(
    hub: Hub, proxy: HoldingProxy, own_player: Player
) -> None:
    job_id = await own_player.running()
    early = await watch(hub, job_id)
    proxy.hold()
    hub.watch(Follower(), {job_id: NO_VERSION})
    await proxy.held.wait()
    done = await own_player.succeed(job_id)
    await early.until(done.version)

    late = Follower()
    hub.watch(late, {job_id: NO_VERSION})
    proxy.release()
    await late.until("subscribed 1")
    assert late.heard == [done.version, "subscribed 1"]


async def test_who_asks_again_while_a_snapshot_is_being_read_misses_nothing(
    hub: Hub, proxy: HoldingProxy, own_player: Player
) -> None:
    job_id = await own_player.running()
    early = await watch(hub, job_id)
    asking = await watch(hub, job_id)
    proxy.hold()
    hub.watch(asking, {job_id: NO_VERSION})
    await proxy.held.wait()
    done = await own_player.succeed(job_id)
    await early.until(done.version)
    hub.watch(asking, {job_id: NO_VERSION})
    proxy.release()
    await asking.until("subscribed 1", times=3)
    assert asking.heard[-3:] == [done.version, "subscribed 1", "subscribed 1"]


async def test_an_event_that_comes_before_the_snapshot_is_not_followed_by_it(
    hub: Hub, proxy: HoldingProxy, own_player: Player
) -> None:
    job_id = await own_player.running()
    witness = await watch(hub, job_id)
    proxy.hold()
    follower = Follower()
    hub.watch(follower, {job_id: NO_VERSION})
    await proxy.held.wait()
    done = await own_player.succeed(job_id)
    await witness.until(done.version)
    proxy.release()
    await follower.until("subscribed 1")
    assert follower.heard == [done.version, "subscribed 1"]


async def test_who_leaves_while_a_snapshot_is_being_read_hears_nothing_more(
    hub: Hub, proxy: HoldingProxy, own_player: Player
) -> None:
    job_id = await own_player.running()
    proxy.hold()
    leaving, staying = Follower(), Follower()
    hub.watch(leaving, {job_id: NO_VERSION})
    hub.watch(staying, {job_id: NO_VERSION})
    await proxy.held.wait()
    hub.unwatch(leaving, [job_id])
    proxy.release()
    await staying.until("subscribed 1")
    assert leaving.heard == []


async def test_a_removal_is_told_whatever_was_on_its_way(hub: Hub, proxy: HoldingProxy, own_player: Player) -> None:
    job_id = JobId((await own_player.finished()).id)
    proxy.hold()
    follower = Follower()
    hub.watch(follower, {job_id: NO_VERSION})
    await proxy.held.wait()
    await own_player.store.remove(job_id)
    proxy.release()
    await follower.until("expired")
    assert follower.heard[-1] in ("expired", "subscribed 1")


async def test_two_hundred_jobs_and_more_are_read_in_batches_and_all_answered(hub: Hub, own_player: Player) -> None:
    job_ids = [await own_player.submit() for _ in range(450)]
    follower = Follower()
    hub.watch(follower, dict.fromkeys(job_ids, NO_VERSION))
    await follower.until("subscribed 450")
    assert len(follower.heard) == 451
