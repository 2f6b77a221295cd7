"""Runs a row of the table of what is kept, and looks past Limner at what became of its pictures."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import asyncpg

from tests.support.kept_faults.installation import Installation, faults_logged
from tests.support.kept_faults.play import Play
from tests.support.kept_faults.rows import Row


@dataclass
class Outcome:
    """What went wrong in a row, a sentence each, and what was counted."""

    pictures: int = 0
    """That were to be in the object store."""
    characters: int = 0
    """Who each were to show one of them."""
    objects: int = 0
    urls: int = 0
    """Characters that name one."""
    base64: int = 0
    """Characters that still hold one."""
    unfinished: list[str] = field(default_factory=list)
    """What was left to do at the deadline."""
    wrong: list[str] = field(default_factory=list)
    """Pictures that are not, not there, not the right ones, or not needed."""
    crashed: list[str] = field(default_factory=list)
    """What a process has logged as a fault of ours, or that it has ended."""
    seconds: float = 0.0

    @property
    def faults(self) -> list[str]:
        return [*self.unfinished, *self.wrong, *self.crashed]


async def run(row: Row, on: Installation) -> Outcome:
    """Afterwards the installation stands again, and is empty. Raises AssertionError where it does not come so far."""
    play = Play(on)
    starts = {process: len(process.log()) for process in on.processes}
    try:
        began = time.monotonic()
        await row.strike(play)
        outcome = Outcome(unfinished=await play.until_settled())
        outcome.seconds = time.monotonic() - began
        outcome.pictures, outcome.characters = play.count, len(play.pictures)
        await _judge(outcome, play)
        for process, start in starts.items():
            outcome.crashed += faults_logged(process, start)
            if not process.running:
                outcome.crashed.append(f"A process has ended: {process.log()[-2_000:]}")
        return outcome
    finally:
        await on.clear()


async def _judge(outcome: Outcome, play: Play) -> None:
    on = play.on
    rows = {str(row["id"]): row for row in await on.postgres.fetch("select * from lore_pieces")}
    worlds = {str(row["id"]) for row in await on.postgres.fetch("select id from worlds")}
    media = await on.postgres.fetch("select * from media")
    objects = await asyncio.to_thread(on.place.objects)
    outcome.objects = len(objects)
    if worlds != play.worlds.keys():
        outcome.wrong.append(f"There are {len(worlds)} worlds, and not {len(play.worlds)}")
    if len(objects) != outcome.pictures:
        outcome.wrong.append(f"There are {len(objects)} objects, and not {outcome.pictures}: {sorted(objects)[:20]}")
    strays = objects.keys() - {row["object_key"] for row in media}
    outcome.wrong += [f"Nobody knows of {key}" for key in strays]
    for character in play.pictures:
        if character not in rows:
            outcome.wrong.append(f"{character} is gone")
            continue
        details = json.loads(rows[character]["details"])
        outcome.urls += "image_portrait" in details
        outcome.base64 += "image_portrait_base64" in details
        if fault := await _fault(play, character, rows[character], details, objects):
            outcome.wrong.append(f"{character}: {fault}")
    for one in media:
        if one["object_key"] not in objects or one["status"] != "succeeded":
            outcome.wrong.append(f"A portrait of {one['lore_piece_id']} is {one['status']}, at {one['object_key']}")


async def _fault(
    play: Play, character: str, row: asyncpg.Record, details: Mapping[str, str], objects: Mapping[str, bytes]
) -> str | None:
    if "image_portrait_base64" in details:
        return "still has base64"
    if row["portrait_status"] != "succeeded":
        return f"is {row['portrait_status']}"
    shown = objects.get(play.on.place.key_of(details.get("image_portrait", "")) or "")
    if shown is None:
        return f"shows nothing at {details.get('image_portrait')}"
    *earlier, last = play.pictures[character]
    wanted = last if last is not None else await _painted(play, details["portrait"])
    if _digest(shown) != _digest(wanted):
        return "shows another picture"
    stem = f"portraits/{row['world_id']}/{character}_portrait"
    own = [_digest(data) for key, data in objects.items() if key.startswith(stem)]
    if sorted(own) != sorted(_digest(picture) for picture in (*(one for one in earlier if one), wanted)):
        return f"has {len(own)} pictures, and not exactly those {len(play.pictures[character])} that it was given"
    return None


async def _painted(play: Play, job: str) -> bytes:
    """What the painter has left in Redis."""
    return base64.b64decode(await play.on.redis.get(play.on.keys.portrait(job)) or play.painted.get(job, b""))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
