"""The walks of docs/races.md, each step held at a gate until the one that may overtake it has been taken."""

import pytest

from server.hub.counters import Resync
from server.hub.hub import Intervals
from storage.records.encoding import version_digits
from tests.server.hub.conftest import NEVER, Scene
from tests.server.support.player import Player
from tests.support.listening import eventually

LOSSES = 3


async def until_up(scene: Scene) -> None:
    async def is_up() -> bool:
        return scene.hub.up

    await eventually(is_up)


# Subscribing.


async def test_what_ends_before_redis_hears_of_the_subscription_is_in_the_snapshot(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    subscribing = scene.line.stop(scene.channel(job_id))
    page = scene.watch(job_id)
    await subscribing.reached()
    done = await own_player.succeed(job_id)
    subscribing.open()
    await page.until("subscribed 1")
    assert page.heard == [done.version, "subscribed 1"]


async def test_what_ends_while_the_acknowledgement_is_under_way_is_told_once(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    acknowledging = scene.line.hold(scene.channel(job_id))
    page = scene.watch(job_id)
    await acknowledging.reached()
    done = await own_player.succeed(job_id)
    acknowledging.open()
    await page.until("subscribed 1")
    other = await scene.watching(await own_player.running())
    assert page.heard == [done.version, "subscribed 1"]
    assert len(other.heard) == 2


async def test_what_ends_after_the_snapshot_was_read_takes_its_place(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    witness = await scene.watching(job_id)
    scene.store.answered.close()
    page = scene.watch(job_id)
    await scene.store.answered.reached()
    done = await own_player.succeed(job_id)
    await witness.until(done.version)
    scene.store.answered.open()
    await page.until("subscribed 1")
    assert page.heard == [done.version, "subscribed 1"]


async def test_who_asks_anew_while_a_snapshot_is_read_is_not_given_that_one(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    scene.store.answered.close()
    late = scene.watch(job_id)
    await scene.store.answered.reached()
    done = await own_player.succeed(job_id)
    await page.until(done.version)
    scene.hub.watch(page, {job_id: version_digits(done.version)})
    scene.store.answered.open()
    await page.until("subscribed 1", times=2)
    assert page.heard[2:] == [done.version, "subscribed 1"]
    await late.until("subscribed 1")
    assert late.heard == [done.version, "subscribed 1"]


async def test_who_asks_anew_before_the_first_answer_is_told_nothing_older_than_what_he_has(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    witness = await scene.watching(job_id)
    scene.store.answered.close()
    page = scene.watch(job_id)
    await scene.store.answered.reached()
    done = await own_player.succeed(job_id)
    await witness.until(done.version)
    scene.hub.watch(page, {job_id: version_digits(done.version)})
    scene.store.answered.open()
    await page.until("subscribed 1", times=2)
    assert page.heard == ["subscribed 1", "subscribed 1"]


async def test_an_event_that_came_before_a_removal_is_not_the_truth_when_nothing_is_found(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    witness = await scene.watching(job_id)
    scene.store.asked.close()
    page = scene.watch(job_id)
    await scene.store.asked.reached()
    news = await own_player.advance(job_id, 0.5)
    await witness.until(news.version)
    ending = scene.line.hold(b'"succeeded"')
    await own_player.succeed(job_id)
    await ending.reached()
    await own_player.store.remove(job_id)
    scene.store.asked.open()
    await page.until("subscribed 1")
    assert page.heard == ["expired", "subscribed 1"]


async def test_who_leaves_before_all_of_an_answer_is_there_is_promised_nothing(
    scene: Scene, own_player: Player
) -> None:
    first, second = await own_player.running(), await own_player.running()
    await scene.watching(first)
    subscribing = scene.line.stop(scene.channel(second))
    page = scene.watch(first, second)
    await page.until((await own_player.job(first)).version)
    scene.hub.unwatch(page, [first, second])
    subscribing.open()
    assert len(page.heard) == 1


async def test_a_snapshot_that_is_newer_than_what_events_told_is_news_for_all_who_watch(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    early = await scene.watching(job_id)
    later = await scene.change_in_silence(job_id)
    late = await scene.watching(job_id)
    assert late.heard == [later, "subscribed 1"]
    assert early.heard[2:] == [later]


# Subscribing again, after the connection was lost.


async def test_a_snapshot_from_before_a_loss_is_no_answer_after_it(scene: Scene, own_player: Player) -> None:
    job_id = await own_player.running()
    scene.store.answered.close()
    page = scene.watch(job_id)
    await scene.store.answered.reached()
    scene.line.drop()
    await page.until("unavailable")
    await scene.redis.delete(scene.keys.job(job_id))
    scene.store.answered.open()
    await page.until("subscribed 1")
    assert page.heard == ["unavailable", "unknown", "subscribed 1"]


@pytest.mark.parametrize("step", ["subscribing", "acknowledging", "asked", "answered"])
async def test_however_often_and_wherever_it_is_lost_again_the_end_is_told_once(
    scene: Scene, own_player: Player, step: str
) -> None:
    job_id = await own_player.running()
    page = await scene.watching(job_id)
    begun = page.heard[0]
    match step:
        case "subscribing":
            gate = scene.line.stop(scene.channel(job_id))
        case "acknowledging":
            gate = scene.line.hold(scene.channel(job_id))
        case _:
            gate = getattr(scene.store, step)
            gate.close()
    for losses in range(1, LOSSES + 1):
        scene.line.drop()
        await page.until("unavailable", times=losses)
        await until_up(scene)
        await gate.reached()
        if step in ("subscribing", "acknowledging") and losses < LOSSES:
            gate.close()
    done = await own_player.succeed(job_id)
    gate.open()
    await page.until(done.version)
    assert page.heard == [begun, "subscribed 1", *["unavailable"] * LOSSES, done.version]
    assert scene.counters.reconnects == LOSSES
    assert scene.counters.resyncs == {Resync.LOST: LOSSES}


async def test_who_comes_before_the_new_connection_has_acknowledged_waits_for_it(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    await scene.watching(job_id)
    subscribing = scene.line.stop(scene.channel(job_id))
    scene.line.drop()
    await subscribing.reached()
    page = scene.watch(job_id)
    await scene.until_ready()
    done = await own_player.succeed(job_id)
    subscribing.open()
    await page.until("subscribed 1")
    assert page.heard == [done.version, "subscribed 1"]


async def test_what_a_lost_connection_has_acknowledged_does_not_count_on_the_next(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    acknowledging = scene.line.hold(scene.channel(job_id))
    page = scene.watch(job_id)
    await acknowledging.reached()
    subscribing = scene.line.stop(scene.channel(job_id))
    scene.line.drop()
    acknowledging.open()
    await subscribing.reached()
    await scene.until_ready()
    assert scene.store.reads == 0
    done = await own_player.succeed(job_id)
    subscribing.open()
    await page.until("subscribed 1")
    assert page.heard == ["unavailable", done.version, "subscribed 1"]


# Unsubscribing, and coming back in that moment.


@pytest.mark.parametrize("intervals", [Intervals(NEVER, 0.02, NEVER, NEVER, NEVER)])
async def test_who_comes_while_a_channel_is_being_left_waits_for_an_acknowledgement_of_his_own(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    gone = await scene.watching(job_id)
    unsubscribing = scene.line.stop(b"UNSUBSCRIBE")
    scene.hub.unwatch(gone, [job_id])
    await unsubscribing.reached()
    subscribing = scene.line.stop(b"$9\r\nSUBSCRIBE\r\n")
    page = scene.watch(job_id)
    unsubscribing.open()
    await subscribing.reached()

    async def nobody_listens() -> bool:
        return await scene.listeners(job_id) == 0

    await eventually(nobody_listens)
    done = await own_player.succeed(job_id)
    subscribing.open()
    await page.until("subscribed 1")
    assert page.heard == [done.version, "subscribed 1"]
    assert await scene.listeners(job_id) == 1


@pytest.mark.parametrize("intervals", [Intervals(NEVER, 0.02, NEVER, NEVER, NEVER)])
async def test_what_the_subscription_that_is_being_left_still_says_is_no_acknowledgement(
    scene: Scene, own_player: Player
) -> None:
    job_id = await own_player.running()
    done = await own_player.succeed(job_id)
    elsewhere = await own_player.running()
    witness = await scene.watching(elsewhere)
    gone = await scene.watching(job_id)
    unsubscribing = scene.line.stop(b"UNSUBSCRIBE")
    scene.hub.unwatch(gone, [job_id])
    await unsubscribing.reached()
    page = scene.watch(job_id, seen=version_digits(done.version))
    reads = scene.store.reads
    await own_player.store.remove(job_id)
    after = await own_player.succeed(elsewhere)
    await witness.until(after.version)
    await own_player.store.look(job_id)
    assert scene.store.reads == reads
    unsubscribing.open()
    await page.until("subscribed 1")
    assert page.heard == ["expired", "subscribed 1"]


@pytest.mark.parametrize("intervals", [Intervals(NEVER, 0.02, NEVER, NEVER, NEVER)])
async def test_who_comes_back_before_a_channel_is_left_finds_it_as_it_was_and_keeps_it(
    scene: Scene, own_player: Player
) -> None:
    job_id, other = await own_player.running(), await own_player.running()
    gone, leaving = await scene.watching(job_id), await scene.watching(other)
    subscribing = scene.line.stop(b"$9\r\nSUBSCRIBE\r\n")
    scene.hub.unwatch(gone, [job_id])
    page = scene.watch(job_id)
    await page.until("subscribed 1")
    scene.hub.unwatch(leaving, [other])

    async def the_other_is_left() -> bool:
        return await scene.listeners(other) == 0

    await eventually(the_other_is_left)
    assert await scene.listeners(job_id) == 1
    done = await own_player.succeed(job_id)
    await page.until(done.version)
    subscribing.open()
