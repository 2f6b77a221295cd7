"""This version on the schema of the next one: what a step adds does not disturb it."""

import pytest
from pydantic import SecretStr

from storage.database import open_database
from storage.kept import Kept
from storage.migrating import inspect_database
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import WorldId
from tests.support.kept_states import BASE64, OWNER, KeptStates, character, landing, landing_video, ready, with_details
from tests.support.postgres import execute
from tests.support.schema_steps import breaking

pytestmark = pytest.mark.timeout(60)

TABLES = ("worlds", "world_keys", "lore_pieces", "media", "removals", "migrations")
NEXT = (
    "".join(f"alter table {table} add column later text; " for table in TABLES)
    + "".join(f"alter table {table} add column id2 uuid not null default gen_random_uuid(); " for table in TABLES)
    + """
create table shots (id uuid primary key, lore_piece_id uuid references lore_pieces on delete cascade);
create index media_by_later on media (later, url);
create index lore_pieces_by_details on lore_pieces using gin ((details - 'image_portrait_base64'));
"""
)


async def test_everything_goes_on_while_the_schema_is_a_step_ahead(database_url: str) -> None:
    assert breaking(NEXT) == []
    async with open_database(SecretStr(database_url)) as database:
        kept = Kept.over(database)
        states = KeptStates(kept)
        earlier = ready("Bea")
        world_id = await states.world(earlier)
        before = await kept.worlds.board(world_id)

        # Over the connections there are, with what they have prepared.
        await execute(database_url, NEXT + "insert into migrations (number, name) values (99, '0099_later')")
        assert len(await inspect_database(SecretStr(database_url))) == 1
        assert await kept.worlds.board(world_id) == before
        await everything(kept, states)

        ((_, listed), _) = await kept.worlds.owned(OWNER, before=None, limit=3)
        assert listed.world.id == world_id


async def everything(kept: Kept, states: KeptStates) -> None:
    piece = character()
    world_id = await kept.worlds.create(WorldId(new_id()), OWNER, "New", [piece], digests=["k"], fingerprint="f")
    assert await kept.worlds.rename(world_id, "Newer")
    assert await kept.worlds.open(world_id, "video")
    await kept.worlds.forget_keys(seconds=1)
    assert await kept.lore_pieces.edit(world_id, piece.id, name="Eve", backstory="New")
    media = await states.ask(piece.id)
    await kept.media.note(media.id, Status.PROCESSING, again=0)
    assert await kept.media.waiting(limit=10, again=60)
    assert await kept.media.begin_anew(media.id, new_id())
    assert await kept.landing.take_up(media.id, BASE64)
    assert await kept.landing.taken_up(media.id) is not None
    assert await kept.landing.landed(media.id, landing(), base64=BASE64)
    video = await states.ask(piece.id, "video")
    await kept.landing.shown(video.id, landing_video())
    assert [medium.status for medium in await kept.media.history(piece.id)] == [Status.SUCCEEDED] * 2
    assert await kept.lore_pieces.choose(world_id, piece.id, media.id)
    await states.world(with_details(character(), image_portrait_base64=BASE64))
    assert await kept.landing.adopt(limit=10) == 1
    assert await kept.worlds.delete(world_id)
    assert [removal.world_id for removal in await kept.removals.due(limit=10, again=60)] == [world_id]
    await kept.removals.done(world_id)
