"""Every query finds its rows through an index, however many there are."""

from collections.abc import Awaitable, Callable

import pytest
from pydantic import SecretStr

from storage.database import Database, open_database
from storage.kept import Kept
from storage.landing import Landing
from storage.lore_pieces import LorePieces
from storage.media import Media
from storage.records.ids import new_id
from storage.records.job import Status
from storage.records.world import MediumId, PieceId, WorldId
from storage.removals import Removals
from storage.worlds import Worlds
from tests.support.kept_states import asked, landing, landing_video, ready
from tests.support.postgres import execute

pytestmark = pytest.mark.timeout(60)

MANY = 100_000
WORLDS = 20_000
TABLES = {"worlds", "world_keys", "lore_pieces", "media", "removals"}

FILL = f"""
set session_replication_role = replica; -- nobody looks whether what is referred to is there
create function id(table_of text, n bigint) returns uuid immutable language sql
  return (table_of || lpad(to_hex(n), 31, '0'))::uuid;
insert into worlds (id, owner, name, created_at) select id('a', n), 'session:' || n % 500, 'World ' || n,
  now() - n * interval '1 second' from generate_series(1, {WORLDS}) n;
insert into world_keys (digest, world_id, fingerprint, created_at)
  select 'key ' || n, id('a', n), 'f', now() - n * interval '1 second' from generate_series(1, {WORLDS}) n;
insert into lore_pieces (id, world_id, kind, position, name, details)
  select id('b', n), id('a', 1 + n % {WORLDS}), 'character', n / {WORLDS}, 'Name ' || n,
  case when n % 1000 = 0 then '{{"race": "elf", "image_portrait_base64": "…"}}'::jsonb else '{{"race": "elf"}}' end
  from generate_series(1, {MANY}) n;
insert into media (id, lore_piece_id, kind, job, upload, status, url, look_at)
  select id('c', n), id('b', n), 'portrait', id('d', n), id('e', n), 'succeeded', 'https://objects.example',
  case when n % 100 = 0 then now() - n * interval '1 second' end from generate_series(1, {MANY}) n;
insert into removals (world_id, owner, jobs, look_at) select id('f', 100 + n), 'session:1', '{{}}',
  now() + n * interval '1 second' from generate_series(-100, {WORLDS}) n;
analyze
"""


async def whole_scans(database: Database) -> dict[str, int]:
    """How often each table was read from end to end, by Postgres' own count."""
    await database.fetch("select pg_stat_force_next_flush()")
    await database.fetch("select pg_stat_clear_snapshot()")
    rows = await database.fetch("select relname, seq_scan from pg_stat_user_tables")
    return {row["relname"]: row["seq_scan"] for row in rows if row["relname"] in TABLES}


async def test_no_call_reads_a_table_from_end_to_end(database_url: str) -> None:
    await execute(database_url, FILL)
    async with open_database(SecretStr(database_url), connections=1) as database:
        kept = Kept.over(database)
        worlds, pieces, media, way, removals = kept.worlds, kept.lore_pieces, kept.media, kept.landing, kept.removals
        (row,) = await database.fetch(
            "select p.id, p.world_id, w.owner, m.id as media, m.job from worlds w "
            "join lore_pieces p on p.world_id = w.id join media m on m.lore_piece_id = p.id "
            "where w.owner = 'session:7' order by w.created_at desc limit 1"
        )
        world_id, piece_id = WorldId(str(row["world_id"])), PieceId(str(row["id"]))
        medium_id, owner = MediumId(str(row["media"])), row["owner"]
        (_, cursor) = await worlds.owned(owner, before=None, limit=1)
        new, video, withdrawn = asked(), asked("video"), asked()
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "create": lambda: worlds.create(
                WorldId(new_id()), owner, "New", [ready()], digests=["key", "another"], fingerprint="f"
            ),
            "create again": lambda: worlds.create(
                WorldId(new_id()), owner, "New", [], digests=["key"], fingerprint="f"
            ),
            "kept as": lambda: worlds.kept_as(["key", "a third"], "f"),
            "look at a world": lambda: worlds.look(world_id),
            "board": lambda: worlds.board(world_id),
            "first page": lambda: worlds.owned(owner, before=None, limit=50),
            "next page": lambda: worlds.owned(owner, before=cursor, limit=50),
            "rename": lambda: worlds.rename(world_id, "Other"),
            "open": lambda: worlds.open(world_id, "video"),
            "forget keys": lambda: worlds.forget_keys(seconds=WORLDS - 10),
            "look": lambda: pieces.look(world_id, piece_id),
            "world of": lambda: pieces.world_of(piece_id),
            "edit": lambda: pieces.edit(world_id, piece_id, name="Eve", backstory="New"),
            "image": lambda: pieces.image(world_id, piece_id),
            "choose": lambda: pieces.choose(world_id, piece_id, medium_id),
            "ask": lambda: media.ask(piece_id, withdrawn),
            "withdraw": lambda: media.withdraw(withdrawn.id),
            "ask again": lambda: media.ask(piece_id, new),
            "ask for a video": lambda: media.ask(piece_id, video),
            "waiting": lambda: media.waiting(limit=200, again=60),
            "note": lambda: media.note(new.id, Status.PROCESSING, again=60),
            "begin anew": lambda: media.begin_anew(new.id, new_id()),
            "look again": lambda: media.look_again(new.id, seconds=60),
            "upload with": lambda: way.upload_with(new.id, new_id()),
            "take up": lambda: way.take_up(new.id, "base64"),
            "taken up": lambda: way.taken_up(new.id),
            "picture of": lambda: media.picture_of(piece_id, str(row["job"])),
            "landed": lambda: way.landed(new.id, landing(), base64="base64"),
            "shown": lambda: way.shown(video.id, landing_video()),
            "history": lambda: media.history(piece_id),
            "adopt": lambda: way.adopt(limit=50),
            "delete": lambda: worlds.delete(world_id),
            "due": lambda: removals.due(limit=20, again=60),
            "look at a removal again": lambda: removals.look_again(world_id, seconds=1),
            "removal done": lambda: removals.done(world_id),
        }
        scanning = {}
        before = await whole_scans(database)
        for name, call in calls.items():
            await call()
            after = await whole_scans(database)
            if after != before:
                scanning[name] = sorted(table for table in after if after[table] != before[table])
            before = after

    assert scanning == {}
    public = {
        name for one in (Worlds, LorePieces, Media, Landing, Removals) for name in vars(one) if not name.startswith("_")
    }
    assert len(calls) >= len(public), "a new method belongs into the list above"
