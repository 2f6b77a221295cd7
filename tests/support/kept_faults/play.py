"""The worlds of one row: made over the API as a browser does it, with pictures that are known beforehand."""

import asyncio
import base64
import contextlib
import secrets
import struct
import uuid
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import httpx
import numpy as np

from tests.support.kept_faults.installation import LOOK_SECONDS, Installation
from tests.support.kept_faults.places import FaultyBucket
from tests.support.limner import Worker

AGAIN_SECONDS = 0.1
CHARACTERS = 3
SIDE = 24
LARGE = (5_000, 8_000)
"""As large as a picture may be: to look at one takes some tenths of a second."""


@dataclass(frozen=True)
class World:
    id: str
    characters: Sequence[str]


@dataclass
class Play:
    on: Installation
    pictures: dict[str, list[bytes | None]] = field(default_factory=dict)
    """Of each character of a world that stays, in their order: the last one is to be shown. None is a painted one."""
    painted: dict[str, bytes] = field(default_factory=dict)
    """What was painted and stood in Redis when that was emptied, by its jobs, as base64 text."""
    worlds: dict[str, World] = field(default_factory=dict)
    refused: int = 0
    """Requests that were answered with 503, or not at all, and were sent again."""

    @property
    def has_bucket(self) -> bool:
        return isinstance(self.on.place, FaultyBucket)

    @property
    def bucket(self) -> FaultyBucket:
        assert isinstance(self.on.place, FaultyBucket)
        return self.on.place

    @property
    def count(self) -> int:
        """Pictures that are to be in the object store in the end."""
        return sum(len(pictures) for pictures in self.pictures.values())

    async def create(self, count: int, picture: Callable[[], bytes] | None = None) -> list[World]:
        """So many worlds with pictures that are ready, one after the other."""
        return [await self._world([(picture or noise)() for _ in range(CHARACTERS)]) for _ in range(count)]

    async def paint(self, count: int) -> World:
        """A world whose portraits are still being painted, or wait for it."""
        jobs = []
        for number in range(count):
            wanted = {"description": f"a dwarf with {number + 1} axes", "seed": number, "size": "256x256"}
            jobs.append((await self.ask("POST", "/portraits", wanted)).json()["id"])
        return await self._world([None] * count, jobs)

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        """The answer. While there is none, or 503, the same is sent again, as the client library does."""
        async with self._deadline(f"{method} {path} is refused all the time"):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await self.on.browser.request(method, path, json=body, headers=headers)
                    if answer.status_code != 503:
                        assert answer.is_success, answer.text
                        return answer
                self.refused += 1
                await asyncio.sleep(AGAIN_SECONDS)

    async def empty_redis(self) -> None:
        """And let time pass: what Redis does not know is submitted again some seconds after it was asked for."""
        await self.on.postgres.execute("update media set created_at = created_at - interval '1 minute'")
        jobs = [str(row["job"]) for row in await self.on.postgres.fetch("select job from media")]
        async with self.on.redis.pipeline(transaction=True) as pipe:
            for job in jobs:
                pipe.get(self.on.keys.portrait(job))
            pipe.flushall()
            *found, _ = await pipe.execute()
        self.painted |= {job: text for job, text in zip(jobs, found, strict=True) if text is not None}

    async def remove(self, world: World) -> None:
        await self.ask("DELETE", f"/worlds/{world.id}")
        del self.worlds[world.id]
        for character in world.characters:
            del self.pictures[character]

    async def until(self, otherwise: str, true: Callable[[], Awaitable[bool]]) -> None:
        """Raises AssertionError with `otherwise` at the deadline."""
        async with self._deadline(otherwise):
            while not await true():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(LOOK_SECONDS)

    async def until_landed(self, *worlds: World) -> None:
        """Until all portraits of these are in the object store, as far as Postgres knows."""
        pieces = [character for world in worlds for character in world.characters]
        sql = "select count(*) from media where lore_piece_id = any($1::uuid[]) and url is null"

        async def landed() -> bool:
            return bool(await self.on.postgres.value(sql, pieces) == 0)

        await self.until("The pictures do not come into the object store", landed)

    async def until_removed(self) -> None:
        """Until all removed worlds were seen to once."""
        soon = "select count(*) from removals where look_at < now() + interval '20 seconds'"

        async def seen_to() -> bool:
            return bool(await self.on.postgres.value(soon) == 0)

        await self.until("What was removed is not", seen_to)

    async def let_removals_age(self) -> None:
        """So much that no run can still write something of theirs."""
        aged = "update removals set deleted_at = deleted_at - interval '1 hour', look_at = now()"
        await self.on.postgres.execute(aged)

    async def until_settled(self) -> list[str]:
        """Until nothing is left to do; what there is at the deadline, if there is."""
        left = ["nobody has looked"]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.on.scale.deadline):
                while left := await self._left():  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(LOOK_SECONDS)
        return left

    async def uploads(self) -> list[str]:
        """The jobs that put the pictures into the object store."""
        return [str(row["upload"]) for row in await self.on.postgres.fetch("select upload from media")]

    async def until_uploading(self) -> Worker:
        """A worker that runs at least one of the uploads."""
        async with self._deadline("No worker puts pictures into the object store"):
            while True:
                for worker in self.on.workers:
                    if await self.on.running_at(worker, await self.uploads()):
                        return worker
                await asyncio.sleep(LOOK_SECONDS)

    async def _world(self, pictures: Sequence[bytes | None], jobs: Sequence[str] = ()) -> World:
        characters: list[dict[str, Any]] = [
            {"name": f"Ada {number}", "race": "dwarf", "class": "smith"} for number in range(len(pictures))
        ]
        for character, picture in zip(characters, pictures, strict=True):
            if picture is not None:
                character["image_portrait_base64"] = base64.b64encode(picture).decode()
        for character, job in zip(characters, jobs, strict=False):
            character["portrait"] = job
        key = {"Idempotency-Key": str(uuid.uuid4())}
        board = (await self.ask("POST", "/worlds", {"name": "Moria", "characters": characters}, **key)).json()
        world = World(board["world_id"], [character["id"] for character in board["characters"]])
        self.worlds[world.id] = world
        for id_, picture in zip(world.characters, pictures, strict=True):
            self.pictures[id_] = [picture]
        return world

    async def _left(self) -> list[str]:
        postgres = self.on.postgres
        counts = {
            "rows that are looked after": await postgres.value("select count(*) from media where look_at is not null"),
            "worlds to remove": await postgres.value("select count(*) from removals"),
            "characters with base64": await postgres.value(
                "select count(*) from lore_pieces where details ? 'image_portrait_base64'"
            ),
            "active jobs": await self.on.redis.zcard(self.on.keys.active),
        }
        return [f"{count} {what}" for what, count in counts.items() if count]

    @contextlib.asynccontextmanager
    async def _deadline(self, otherwise: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self.on.scale.deadline):
                yield
        except TimeoutError:
            raise AssertionError(otherwise) from None


def noise() -> bytes:
    """A small picture unlike every other."""
    pixels = np.frombuffer(secrets.token_bytes(SIDE * SIDE * 3), np.uint8).reshape(SIDE, SIDE, 3)
    return _png(pixels)


def large() -> bytes:
    """A picture unlike every other that takes its time to be looked at."""
    picture = _large()
    text = b"Comment\0" + secrets.token_hex(16).encode()
    chunk = struct.pack(">I", len(text)) + b"tEXt" + text + struct.pack(">I", zlib.crc32(b"tEXt" + text))
    return picture[:-12] + chunk + picture[-12:]


@cache
def _large() -> bytes:
    return _png(np.zeros((*LARGE, 3), np.uint8))


def _png(pixels: "np.typing.NDArray[np.uint8]") -> bytes:
    encoded, data = cv2.imencode(".png", pixels)
    assert encoded
    return bytes(data)
