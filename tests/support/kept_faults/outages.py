"""Stores that are away, slow or emptied, and pictures that are overtaken."""

import asyncio
import base64
import json

from storage.logs import Event
from storage.records.ids import new_job_id
from tests.support.kept_faults.play import Play, noise
from tests.support.kept_faults.sights import at_landing, being_painted, is_painted, is_put, stored, waiting, was_refused
from tests.support.s3_faults import Fault

WORLDS = 2


async def regenerated(play: Play) -> None:
    """By another program that writes the picture into the row itself; and over the API."""
    faulty = play.bucket.faulty
    faulty.only, faulty.fault = is_put, Fault.ANSWER_HELD
    (written,) = await play.create(1)
    await play.until("The pictures are not put", lambda: stored(play))
    for character in written.characters:
        picture = noise()
        newer = {"portrait": new_job_id(), "image_portrait_base64": base64.b64encode(picture).decode()}
        await play.on.postgres.fetch(
            "update lore_pieces set details = details || $2::jsonb where id = $1", character, json.dumps(newer)
        )
        play.pictures[character].append(picture)
    faulty.fault = Fault.NONE
    await play.until("The pictures are not put", lambda: stored(play))
    faulty.fault = Fault.ANSWER_HELD
    (asked,) = await play.create(1)
    await play.until("The pictures are not put", lambda: stored(play))
    character = asked.characters[0]
    await play.ask("POST", f"/worlds/{asked.id}/characters/{character}/portrait", {"seed": 7})
    await play.until("The new portrait is not painted", lambda: is_painted(play))
    play.pictures[character].append(None)
    faulty.fault = Fault.NONE


async def refused(play: Play) -> None:
    await play.on.until_at_work()
    play.on.place.refuse()
    await play.create(WORLDS)
    await asyncio.sleep(play.on.scale.away)  # the fault's length
    assert not await play.on.postgres.value("select count(*) from media where url is not null")
    assert not await play.on.redis.zcard(play.on.keys.failed), "Uploads have failed"
    assert any(Event.OBJECTS_LOST.value in worker.log() for worker in play.on.workers), "No operator hears of it"
    play.on.place.mend()


async def slow(play: Play) -> None:
    """A lease that nobody renews ends while a picture is being put."""
    faulty = play.bucket.faulty
    faulty.only, faulty.delay = is_put, play.on.scale.slow
    worlds = await play.create(WORLDS)
    await play.until_landed(*worlds)
    puts = len(faulty.requests("PUT"))
    assert puts == play.count, f"{play.count} pictures were put {puts} times"


async def postgres_restarted(play: Play) -> None:
    """While pictures land; and a world is made while it is away."""
    async with play.on.postgres.landing_held():
        await play.create(WORLDS)
        await play.until("The pictures are not put", lambda: at_landing(play))
        play.on.postgres.kill()
    creating = asyncio.create_task(play.create(1))
    try:
        await play.until("A world is made without Postgres", lambda: was_refused(play))
        play.on.postgres.start()
    finally:
        await creating


async def redis_emptied(play: Play) -> None:
    """While portraits are painted and wait, and uploads wait for the object store."""
    await play.on.until_at_work()
    await play.paint(len(play.on.workers) + 1)
    play.on.place.refuse()
    await play.create(WORLDS)
    await play.until("Nothing is painted", lambda: being_painted(play, len(play.on.workers)))
    await play.until("No upload waits", lambda: waiting(play))
    await play.empty_redis()
    play.on.place.mend()
