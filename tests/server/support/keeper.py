"""Plays the worker and the sweep behind a server that keeps worlds."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.characters import CharacterIndex
from storage.commands import PooledCommands
from storage.database import open_database
from storage.kept import Kept
from storage.keys import Keys
from storage.landing import Landed
from storage.records.ids import JobId, new_id, new_job_id
from storage.records.inputs import PortraitInput
from storage.records.job import timestamp
from storage.records.world import MediumId, PieceId
from storage.stored import Submission
from tests.server.conftest import player_over
from tests.server.support.player import PICTURE, Player

BASE64 = base64.b64encode(PICTURE).decode()
STATS = {"strength": 9, "agility": 10, "intellect": 11, "willpower": 12, "charm": 13, "luck": 14}


def written(name: str = "Mira Thornwick") -> dict[str, Any]:
    """A character as it stands in the result of its job."""
    return {
        "id": new_id(),
        "name": name,
        "race": "elf",
        "class": "ranger",
        "traits": ["quiet", "stubborn"],
        "stats": STATS,
        "backstory": "She left at dawn.",
        "appearance": "Grey eyes.",
        "portrait": new_job_id(),
    }


def sent(name: str = "Mira Thornwick", **more: object) -> dict[str, Any]:
    """A whole character."""
    return {"name": name, "race": "elf", "class": "ranger", **more}


@dataclass(frozen=True)
class Keeper:
    player: Player
    kept: Kept
    index: CharacterIndex
    redis: Redis
    keys: Keys

    async def characters(self, count: int = 1, *, submitted: bool = True) -> list[dict[str, Any]]:
        """A finished set; `submitted` are its portraits, and wait."""
        characters = [written(f"Mira {number}") for number in range(count)]
        set_id = await self.player.submit(kind="characters")
        for character in characters:
            await self.index.note(character["id"], set_id)
            if submitted:
                await self.portrait(JobId(character["portrait"]))
        await self.player.begin(set_id)
        stored = await self.player.store.get(set_id)
        assert stored is not None
        now = await self.player.store.now()
        result = {"characters": characters}
        done = stored.job.succeeded(result, timestamp(now), self.player.store.expires_at(now))
        await self.player.store.advance(done, stored.claim)
        return characters

    async def portrait(self, job_id: JobId | None = None) -> JobId:
        """A portrait's job, which waits."""
        job_id = job_id or new_job_id()
        input = PortraitInput(description="an elf", character=None, seed=1).model_dump_json(by_alias=True)
        await self.player.store.submit(Submission(job_id, "portrait", "key:anna", input.encode(), "fingerprint"))
        return job_id

    async def paint(self, job_id: str) -> None:
        await self.player.begin(JobId(job_id))
        await self.player.succeed(JobId(job_id))

    async def medium(self, character: str, job: str) -> MediumId:
        found = [medium.id for medium in await self.kept.media.history(PieceId(character)) if medium.job == job]
        assert len(found) == 1
        return found[0]

    async def land(self, character: str, job: str, *, url: str = "/objects/portraits/a.png") -> None:
        """A portrait is taken up, unless it was, and put into the object store."""
        medium = await self.medium(character, job)
        await self.kept.landing.take_up(medium, BASE64)
        landed = Landed(url.removeprefix("/objects/"), url, "image/png", 640, 640, len(PICTURE))
        assert await self.kept.landing.landed(medium, landed, base64=BASE64)

    async def read(self, job: str, field: str) -> bytes:
        """A field of a job, as it is in Redis."""
        (value,) = await PooledCommands(self.redis).ask([("HGET", self.keys.job(job), field)])
        return bytes(value)

    async def write(self, job: str, field: str, value: bytes) -> None:
        await PooledCommands(self.redis).ask([("HSET", self.keys.job(job), field, value)])

    async def details(self, character: str) -> dict[str, Any]:
        row = await self.kept.database.first("select details from lore_pieces where id = $1", character)
        assert row is not None
        return dict(json.loads(row["details"]))

    async def count(self, table: str) -> int:
        row = await self.kept.database.first(f"select count(*) from {table}")
        assert row is not None
        return int(row[0])

    async def waiting(self, kind: str) -> int:
        return int(await self.redis.zcard(self.keys.queue(kind)))


@asynccontextmanager
async def keeper_over(redis: Redis, prefix: str, url: str) -> AsyncIterator[Keeper]:
    keys = Keys(prefix)
    async with open_database(SecretStr(url), connections=2) as database:
        index = CharacterIndex(PooledCommands(redis), keys, keep_seconds=600)
        yield Keeper(player_over(redis, prefix), Kept.over(database), index, redis, keys)


async def made(client: httpx.AsyncClient, *characters: object, name: str = "Under the hill") -> dict[str, Any]:
    """The board of a new world with these characters."""
    answer = await client.post("/worlds", json={"name": name, "characters": [*characters]})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def jobs_in(board: dict[str, Any], kind: str) -> Sequence[str | None]:
    return [character[kind]["job"] for character in board["characters"]]
