"""A board with all its states, beside a bare SELECT of the same rows."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence

from pydantic import SecretStr

from bench.figures import Row, percentile, row
from bench.kept.plan import Plan
from bench.kept.stage import Stage
from bench.processes import server
from bench.submission import Caller
from storage.database import Database, open_database
from storage.landing import Landed, Landing
from storage.records.ids import new_id, new_job_id
from storage.records.job import Status
from storage.records.world import MediumId, NewMedium, NewPiece, PieceId, WorldId
from storage.worlds import Worlds

WARM_UP = 20
BASE64 = "iVBORw0KGgo="
BARE = "select * from lore_pieces where world_id = $1 order by position"


class Looker(Caller):
    def look(self, world_id: str) -> None:
        self._call("GET", f"/worlds/{world_id}", 200)


def measure(stage: Stage, plan: Plan) -> Sequence[Row]:
    with server(stage.environment) as url:
        world_id = asyncio.run(_world(stage, plan.board))
        bare, queried, asked = [], [], []
        for _ in range(plan.rounds):
            bare_round, queried_round = asyncio.run(_queries(stage, world_id, plan.looks))
            bare.append(bare_round)
            queried.append(queried_round)
            asked.append(_asked(url, world_id, plan.looks))
    return [
        row(
            f"{what}, {plan.board} characters, p{share}",
            "ms",
            [percentile(samples, share / 100) for samples in taken],
            "bare SELECT of the rows",
            [percentile(samples, share / 100) for samples in bare],
        )
        for what, taken in (("board with states, one query", queried), ("GET /worlds/<id>", asked))
        for share in (50, 99)
    ]


async def _world(stage: Stage, characters: int) -> WorldId:
    """Two in three characters have their portrait in the object store, and the third one's is being painted."""
    pieces = []
    for number in range(characters):
        there = bool(number % 3)
        status = Status.SUCCEEDED if there else Status.PROCESSING
        portrait = NewMedium(
            MediumId(new_id()), "portrait", new_job_id(), new_job_id(), status, input="{}", taken_up=there
        )
        details: dict[str, object] = {
            "race": "dwarf",
            "class": "smith",
            "traits": ["brave", "stubborn"],
            "stats": {"strength": 12, "agility": 9, "intellect": 11, "willpower": 14, "charm": 6, "luck": 10},
            "backstory": "Born below the mountain, and never at home above it. " * 8,
            "portrait": portrait.job,
        }
        if there:
            details["image_portrait_base64"] = BASE64
        pieces.append(NewPiece(PieceId(new_id()), f"Ada {number}", json.dumps(details), portrait))
    async with open_database(SecretStr(stage.database_url)) as database:
        world_id = await Worlds(database).create(WorldId(new_id()), "bench", "A drowned city", pieces)
        for piece in pieces:
            if piece.portrait is not None and piece.portrait.taken_up:
                landed = Landed("portraits/w/c_portrait.png", "/objects/portraits/w/c.png", "image/png", 640, 640, 9)
                await Landing(database).landed(piece.portrait.id, landed, base64=BASE64)
        await database.execute("analyze")
    return world_id


async def _queries(stage: Stage, world_id: WorldId, times: int) -> tuple[list[float], list[float]]:
    async with open_database(SecretStr(stage.database_url), connections=1) as database:
        worlds = Worlds(database)
        return (
            await _milliseconds(lambda: _bare(database, world_id), times),
            await _milliseconds(lambda: worlds.board(world_id), times),
        )


async def _bare(database: Database, world_id: WorldId) -> object:
    return await database.fetch(BARE, world_id)


async def _milliseconds(call: Callable[[], Awaitable[object]], times: int) -> list[float]:
    samples = []
    for number in range(WARM_UP + times):
        begun = time.monotonic_ns()
        await call()
        if number >= WARM_UP:
            samples.append((time.monotonic_ns() - begun) / 1e6)
    return samples


def _asked(url: str, world_id: WorldId, times: int) -> list[float]:
    looker = Looker(url)
    try:
        for _ in range(WARM_UP):
            looker.look(world_id)
        samples = []
        for _ in range(times):
            begun = time.monotonic_ns()
            looker.look(world_id)
            samples.append((time.monotonic_ns() - begun) / 1e6)
        return samples
    finally:
        looker.close()
