"""From the POST to the cards, the first preview and the pictures of a set, beside the same work alone."""

import asyncio
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import httpx
from websockets.asyncio.client import connect

from bench.figures import Row, row
from bench.processes import NotMeasured
from bench.rounds import Effort
from jobs.providers.base import CharactersRequest, PortraitRequest
from jobs.providers.grammar import Grammar
from jobs.providers.painter import Painter
from storage.records.media import Picture

SET_SECONDS = 60.0


@dataclass(slots=True)
class Moments:
    """Seconds since the beginning."""

    first_card: float = 0.0
    first_preview: float = 0.0
    first_picture: float = 0.0
    last_picture: float = 0.0


class Stopwatch:
    """Notes when something is there for the first time, and when for the last."""

    def __init__(self) -> None:
        self.moments = Moments()
        self._begun = time.monotonic()

    def card(self) -> None:
        self.moments.first_card = self.moments.first_card or self._now()

    def preview(self) -> None:
        self.moments.first_preview = self.moments.first_preview or self._now()

    def picture(self) -> None:
        self.moments.last_picture = self._now()
        self.moments.first_picture = self.moments.first_picture or self.moments.last_picture

    def _now(self) -> float:
        return time.monotonic() - self._begun


async def measure(url: str, effort: Effort, *, count: int, warm: bool) -> list[Row]:
    """Rows of the four moments of a set of `count`. With `warm`, a round that does not count goes first."""
    taken: list[tuple[Moments, Moments]] = []
    painter = Painter()
    try:
        if warm:
            await through_limner(url, count, 0)
            await alone(painter, count, 0)
        for number in effort:
            # The same seed for both, so that the same pictures are painted.
            if number % 2:
                there = await through_limner(url, count, number)
                taken.append((there, await alone(painter, count, number)))
            else:
                here = await alone(painter, count, number)
                taken.append((await through_limner(url, count, number), here))
    finally:
        painter.close()
    return [
        row(
            f"POST → {name.replace('_', ' ')}, set of {count}",
            "ms",
            [getattr(there, name) * 1000 for there, _ in taken],
            "writer and painter alone",
            [getattr(here, name) * 1000 for _, here in taken],
        )
        for name in (field.name for field in fields(Moments))
    ]


async def through_limner(url: str, count: int, seed: int) -> Moments:
    """What a page sees; a picture is there when its bytes are."""
    async with httpx.AsyncClient(base_url=url) as http:
        watch = Stopwatch()
        accepted = await http.post("/characters", json={"count": count, "seed": seed})
        set_id = accepted.raise_for_status().json()["id"]
        try:
            async with (
                asyncio.timeout(SET_SECONDS),
                connect(f"{url.replace('http', 'ws', 1)}/ws?job={set_id}") as socket,
            ):
                watched: set[str] = set()
                painted: set[str] = set()
                while len(painted) < count:
                    message = json.loads(await socket.recv())
                    if message["type"] != "job":
                        continue
                    job = message["job"]
                    if fresh := set(_portraits(job)) - watched:
                        watch.card()
                        watched |= fresh
                        await socket.send(json.dumps({"type": "subscribe", "jobs": dict.fromkeys(fresh, 0)}))
                    if job["preview"] is not None:
                        watch.preview()
                    if job["status"] == "succeeded" and job["kind"] == "portrait" and job["id"] not in painted:
                        painted.add(job["id"])
                        (await http.get(job["result"]["url"])).raise_for_status()
                        watch.picture()
                    if job["status"] == "failed":
                        raise NotMeasured(f"A job failed: {job['error']['message']}")
        except TimeoutError:
            raise NotMeasured(f"A set of {count} was not painted in {SET_SECONDS:.0f} s.") from None
    return watch.moments


async def alone(painter: Painter, count: int, seed: int) -> Moments:
    """The same characters and pictures, one after the other in this process, for nobody."""
    watch = Stopwatch()

    async def report(
        progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        if preview is not None:
            watch.preview()

    characters = []
    async for character in Grammar().write(CharactersRequest(count=count, theme=None, seed=seed)):
        characters.append(character)
        watch.card()
    for index, character in enumerate(characters):
        await painter.paint(
            PortraitRequest(
                description=character.described,
                character=character,
                seed=zlib.crc32(f"{seed}:{index}".encode()),
                width=640,
                height=640,
                format="png",
            ),
            report,
        )
        watch.picture()
    return watch.moments


def _portraits(job: dict[str, Any]) -> Iterator[str]:
    for character in (job["result"] or {}).get("characters", ()):
        yield character["portrait"]
