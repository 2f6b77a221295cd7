"""Everything that changes a character, at once: nobody waits for each other, and what is left makes sense."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import pytest

from storage.errors import BeingMade, MediumNotThere, PictureComing, PieceUnknown
from storage.kept import Kept
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import MediaKind, MediumId, PieceId, WorldId
from tests.support.kept_states import KeptStates, asked, character, landing, landing_video

pytestmark = pytest.mark.timeout(60)

CALLERS = 12
ROUNDS = 25

REFUSALS = (BeingMade, MediumNotThere, PictureComing, PieceUnknown)


class Storm:
    """One who does to a character whatever anybody may do. A deadlock would be raised as DatabaseUnavailable."""

    def __init__(self, kept: Kept, world_id: WorldId, piece_id: PieceId, seed: int) -> None:
        self._kept = kept
        self._world_id = world_id
        self._piece_id = piece_id
        self._random = random.Random(seed)

    async def step(self) -> None:
        media, way, piece_id, world_id = self._kept.media, self._kept.landing, self._piece_id, self._world_id
        one, video = await self._any("portrait"), await self._any("video")
        kind, status = self._random.choice(["portrait", "video"]), self._random.choice(list(Status))
        steps: list[Callable[[], Awaitable[object]]] = [
            lambda: media.ask(piece_id, asked("portrait" if kind == "portrait" else "video")),
            lambda: media.note(one if kind == "portrait" else video, status, again=0),
            lambda: way.take_up(one, "picture of " + one),
            lambda: way.landed(one, landing(f"{one}.png"), base64="picture of " + one),
            lambda: way.shown(video, landing_video(f"{video}.mp4")),
            lambda: media.begin_anew(one, new_id()),
            lambda: media.withdraw(video),
            lambda: media.waiting(limit=3, again=0),
            lambda: way.adopt(limit=3),
            lambda: self._kept.lore_pieces.choose(world_id, piece_id, one),
            lambda: self._kept.lore_pieces.edit(world_id, piece_id, name=one, backstory=one),
            lambda: self._kept.worlds.rename(world_id, one),
        ]
        with contextlib.suppress(*REFUSALS):
            await self._random.choice(steps)()

    async def _any(self, kind: MediaKind) -> MediumId:
        rows = await self._kept.database.fetch(
            "select id from media where lore_piece_id = $1 and kind = $2", self._piece_id, kind
        )
        return MediumId(str(self._random.choice(rows)["id"])) if rows else MediumId(new_id())


async def test_whatever_is_done_to_a_character_at_once_ends_and_leaves_it_sound(kept: Kept, states: KeptStates) -> None:
    world_id, piece_id = await states.lone(character(portrait=asked()))

    async def call(seed: int) -> None:
        storm = Storm(kept, world_id, piece_id, seed)
        for _ in range(ROUNDS):
            await storm.step()

    await asyncio.gather(*(call(seed) for seed in range(CALLERS)))

    details, history = await states.details(piece_id), await kept.media.history(piece_id)
    if (url := details.get("image_portrait")) is not None:
        assert url in [medium.url for medium in history if medium.kind == "portrait"]
    coming = (await states.piece(piece_id)).portrait.coming
    assert ("image_portrait_base64" in details) >= (coming is not None)
    for kind in ("portrait", "video"):
        made = [medium for medium in history if medium.kind == kind]
        assert len([medium for medium in made if medium.status in (Status.QUEUED, Status.PROCESSING)]) <= 1


async def test_a_world_that_is_deleted_in_the_midst_of_it_is_gone_with_everything(
    kept: Kept, states: KeptStates
) -> None:
    pieces = [character(portrait=asked()) for _ in range(CALLERS)]
    world_id = await states.world(*pieces)
    deleted: list[bool] = []

    async def call(seed: int, piece_id: PieceId) -> None:
        storm = Storm(kept, world_id, piece_id, seed)
        for number in range(ROUNDS):
            if number == ROUNDS // 2 and seed % 4 == 0:
                deleted.append(await kept.worlds.delete(world_id))
            await storm.step()

    await asyncio.gather(*(call(seed, piece.id) for seed, piece in enumerate(pieces)))

    assert deleted.count(True) == 1
    for table in ("worlds", "lore_pieces", "media"):
        assert await states.count(table) == 0
    assert await states.count("removals") == 1
