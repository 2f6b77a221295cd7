"""A worker killed at one moment or another of an upload, and of a removal."""

from tests.support.kept_faults.play import Play, large
from tests.support.kept_faults.sights import (
    at_landing,
    came,
    deleting,
    is_put,
    is_put_or_deletion,
    more_than,
    nowhere,
    stored,
    until_put,
)
from tests.support.s3_faults import Fault

WORLDS = 2


async def killed_during_decode(play: Play) -> None:
    await play.create(1, large)
    victim = await play.until_uploading()
    victim.kill()
    landed = await play.on.postgres.value("select count(*) from media where url is not null")
    assert not landed, "The pictures were looked at too soon"
    victim.start()


async def killed_before_put(play: Play) -> None:
    faulty = play.bucket.faulty
    faulty.only, faulty.fault = is_put, Fault.HELD
    await play.create(WORLDS)
    victim = await until_put(play)
    victim.kill()
    assert not play.bucket.keys()
    before = len(faulty.seen)
    faulty.fault = Fault.REFUSES
    await play.until("Nobody tries again", lambda: came(play, before + 1))  # by then what was held is refused
    assert not play.bucket.keys()
    faulty.fault = Fault.NONE
    victim.start()


async def killed_before_put_that_is_done_later(play: Play) -> None:
    """What a dead worker has sent arrives while another puts the same."""
    faulty = play.bucket.faulty
    faulty.only, faulty.fault = is_put, Fault.HELD
    await play.create(WORLDS)
    victim = await until_put(play)
    jobs = await play.on.running_at(victim, await play.uploads())
    victim.kill()
    await play.until("The dead worker's jobs are not taken from it", lambda: nowhere(play, victim, jobs))
    faulty.fault = Fault.NONE
    victim.start()


async def killed_after_put(play: Play) -> None:
    if not play.has_bucket:
        await _killed_at_landing(play)
        return
    faulty = play.bucket.faulty
    faulty.only, faulty.fault = is_put, Fault.ANSWER_HELD
    await play.create(WORLDS)
    victim = await play.until_uploading()
    await play.until("The pictures are not put", lambda: stored(play))
    victim.kill()
    faulty.fault = Fault.NONE
    victim.start()


async def _killed_at_landing(play: Play) -> None:
    """The answer has come, and the UPDATE is undone."""
    async with play.on.postgres.landing_held():
        await play.create(WORLDS)
        victim = await play.until_uploading()
        await play.until("The pictures are not put", lambda: at_landing(play))
        victim.kill()
        await play.on.postgres.undo_landings()
    victim.start()


async def killed_after_update(play: Play) -> None:
    """The row says where the picture is, and its job cannot be ended: its worker does not reach Redis, and dies."""
    async with play.on.postgres.landing_held():
        worlds = await play.create(WORLDS)
        victim = await play.until_uploading()
        await play.until("The pictures are not put", lambda: at_landing(play))
        play.on.to_redis.cut()
    await play.until_landed(*worlds)
    victim.kill()
    play.on.to_redis.mend()
    assert await play.on.running_at(victim, await play.uploads()), "The jobs had ended"
    victim.start()


async def killed_during_removal(play: Play) -> None:
    """Of one world that is there, and of one whose pictures are put by dead workers after the removal."""
    faulty = play.bucket.faulty
    _, there = await play.create(2)
    await play.until_landed(*play.worlds.values())
    faulty.only, faulty.fault = is_put_or_deletion, Fault.HELD
    (late,) = await play.create(1)
    await until_put(play, len(late.characters), start=play.count - len(late.characters))
    for world in (there, late):
        await play.remove(world)
    await play.until("Nothing is removed", lambda: deleting(play))
    for worker in play.on.workers:
        worker.kill()
    faulty.only = lambda _: False  # what is held stays so
    for worker in play.on.workers:
        worker.start()
    await play.until_removed()
    before = set(play.bucket.keys())
    faulty.fault = Fault.NONE
    await play.until("What was held is lost", lambda: more_than(play, before, len(late.characters)))
    await play.let_removals_age()
