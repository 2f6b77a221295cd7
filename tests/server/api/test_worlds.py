"""`/worlds`: making one, listing, looking, renaming, deleting."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import httpx
from redis.asyncio import Redis

from storage.records.ids import JobId, new_id
from tests.server.conftest import OPERATOR_KEY, keyed
from tests.server.support.keeper import BASE64, STATS, Keeper, keeper_over, made, sent
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.pictures import portrait


async def test_a_world_is_made_of_characters_by_their_ids_each_with_its_portrait_as_it_stands(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    waiting, painting, painted, failed = await keeper.characters(4)
    await keeper.player.begin(JobId(painting["portrait"]))
    await keeper.paint(painted["portrait"])
    await keeper.player.begin(JobId(failed["portrait"]))
    await keeper.player.fail(JobId(failed["portrait"]))

    ids = [character["id"] for character in (waiting, painting, painted, failed)]
    answer = await ann.post("/worlds", json={"name": "  Under the hill ", "characters": ids})

    assert answer.status_code == 201
    board = answer.json()
    assert answer.headers["location"] == f"/worlds/{board['world_id']}"
    assert (board["id"], board["name"], board["yours"]) == (board["world_id"], "Under the hill", True)
    assert [character["name"] for character in board["characters"]] == ["Mira 0", "Mira 1", "Mira 2", "Mira 3"]
    portraits = [character["portrait"] for character in board["characters"]]
    assert [one["status"] for one in portraits] == ["queued", "processing", "succeeded", "failed"]
    assert [one["job"] for one in portraits] == [c["portrait"] for c in (waiting, painting, painted, failed)]
    assert [one["url"] is not None for one in portraits] == [False, False, True, False]
    assert [one["count"] for one in portraits] == [0, 0, 1, 0]
    assert portraits[3]["error"] == {
        "code": "provider_unavailable",
        "message": "The painter is ill.",
        "retryable": True,
    }
    details = await keeper.details(board["characters"][2]["id"])
    assert details == {
        "race": "elf",
        "class": "ranger",
        "traits": ["quiet", "stubborn"],
        "stats": STATS,
        "backstory": "She left at dawn.",
        "appearance": "Grey eyes.",
        "portrait": painted["portrait"],
        "image_portrait_base64": BASE64,
    }
    assert "image_portrait_base64" not in answer.text


async def test_a_world_is_made_of_whole_characters(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    picture = base64.b64encode(portrait()).decode()
    job = await keeper.portrait()

    board = await made(
        ann,
        sent("Ada"),
        sent("Bo", traits=["loud"], stats={"luck": 3}, backstory="", appearance="Red hair.", portrait=job.upper()),
        sent("Cy", id=new_id(), portrait=new_id(), image_portrait_base64=picture),
    )

    ada, bo, cy = board["characters"]
    assert (ada["traits"], ada["stats"], ada["backstory"], ada["appearance"]) == ([], None, None, None)
    assert ada["portrait"] == {"status": "missing", "job": None, "url": None, "kept": False, "error": None, "count": 0}
    assert ada["video"] == {**ada["portrait"], "poster": None}
    assert (bo["traits"], bo["stats"], bo["backstory"]) == (["loud"], {"luck": 3}, "")
    assert (bo["portrait"]["status"], bo["portrait"]["job"]) == ("queued", job)
    assert (cy["portrait"]["status"], cy["portrait"]["count"], cy["portrait"]["kept"]) == ("succeeded", 1, False)
    assert (await keeper.details(cy["id"]))["image_portrait_base64"] == picture


async def test_each_character_has_an_id_of_its_own_in_each_world(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    (character,) = await keeper.characters()
    first, second = await made(ann, character["id"]), await made(ann, character["id"])
    ids = {first["characters"][0]["id"], second["characters"][0]["id"], character["id"]}
    assert len(ids) == 3


async def test_what_is_finished_is_given_to_its_upload_job_at_once(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    first, second = await keeper.characters(2)
    await keeper.paint(second["portrait"])
    before = await keeper.waiting("upload")

    board = await made(ann, first["id"], second["id"])

    assert await keeper.waiting("upload") == before + 1
    row = await keeper.kept.database.first("select * from media where lore_piece_id = $1", board["characters"][1]["id"])
    assert row is not None
    job = await keeper.player.store.get(JobId(str(row["upload"])))
    assert job is not None
    assert (job.job.kind, job.owner, job.input) == (
        "upload",
        "key:anna",
        b'{"media":"%s","portrait":null,"image_base64":null,"world_id":null,"character_id":null,"ours":false}'
        % str(row["id"]).encode(),
    )


async def test_a_portrait_that_is_about_to_be_submitted_is_waited_for(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    (character,) = await keeper.characters(submitted=False)
    board = await made(ann, character["id"])
    assert board["characters"][0]["portrait"]["status"] == "queued"
    (row,) = await keeper.kept.database.fetch(
        "select input, job from media where lore_piece_id = $1", board["characters"][0]["id"]
    )
    assert str(row["job"]) == character["portrait"]
    assert '"Mira 0, elf ranger. Grey eyes."' in row["input"]


async def test_a_portrait_that_is_no_longer_kept_is_missing(ann: httpx.AsyncClient, keeper: Keeper) -> None:
    removed, lost = await keeper.characters(2)
    for character in (removed, lost):
        await keeper.paint(character["portrait"])
    await keeper.player.store.remove(JobId(removed["portrait"]))
    await keeper.redis.delete(keeper.keys.portrait(lost["portrait"]))

    board = await made(ann, removed["id"], lost["id"])

    assert [character["portrait"]["status"] for character in board["characters"]] == ["missing", "missing"]


async def test_pictures_that_are_too_much_for_one_transaction_are_left_to_the_sweep(
    start: Callable[..., Server], redis: Redis, prefix: str, database_url: str, tmp_path: Path
) -> None:
    server = start(database_url=database_url, objects_dir=tmp_path, upload_bytes=1_024)
    async with (
        httpx.AsyncClient(base_url=server.url, verify=False) as browser,
        keeper_over(redis, prefix, database_url) as keeper,
    ):
        characters = await keeper.characters(12)
        for character in characters:
            await keeper.paint(character["portrait"])
        board = await made(browser, *(character["id"] for character in characters))
        portraits = [character["portrait"] for character in board["characters"]]
        assert [portrait["status"] for portrait in portraits] == ["succeeded"] * 12
        assert [portrait["count"] for portrait in portraits] == [1] * 2 + [0] * 10
        row = await keeper.kept.database.first("select count(look_at) from media where taken_up_at is null")
        assert row is not None
        assert row[0] == 10
        again = await browser.post(f"/worlds/{board['id']}/generate", json={"kind": "portrait"})
        assert again.json() == {"jobs": [], "left": []}


async def test_a_world_that_cannot_be_written_whole_is_not_written_at_all(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    await keeper.kept.database.execute(
        "create or replace function strike() returns trigger language plpgsql as "
        "$$ begin raise exception 'struck' using errcode = '57014'; end $$"
    )
    await keeper.kept.database.execute(
        "create trigger strike before insert on media for each row when (new.input->>'description' = 'Struck') "
        "execute function strike()"
    )
    struck = await keeper.portrait()
    await keeper.write(struck, "input", b'{"description": "Struck"}')
    before = [await keeper.count(table) for table in ("worlds", "lore_pieces", "media", "world_keys")]
    (character,) = await keeper.characters()
    body = {"name": "Halved", "characters": [character["id"], sent("Bo", portrait=struck)]}
    try:
        answer = await ann.post("/worlds", json=body, headers={"Idempotency-Key": new_id()})
        assert_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    finally:
        await keeper.kept.database.execute("drop trigger strike on media")
    assert [await keeper.count(table) for table in ("worlds", "lore_pieces", "media", "world_keys")] == before


async def test_the_same_key_again_is_the_same_world_also_when_its_characters_are_no_longer_known(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    (character,) = await keeper.characters()
    body, key = {"name": "Once", "characters": [character["id"]]}, {"Idempotency-Key": new_id()}
    first = await ann.post("/worlds", json=body, headers=key)
    await keeper.redis.delete(keeper.keys.character(character["id"]))
    again = await ann.post("/worlds", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_a_key_that_stands_for_something_else_is_refused(ann: httpx.AsyncClient, bert: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": new_id()}
    first = await ann.post("/worlds", json={"name": "A", "characters": [sent()]}, headers=key)
    assert first.status_code == 201
    other = await ann.post("/worlds", json={"name": "B", "characters": [sent()]}, headers=key)
    assert_problem(other, 409, fields=["Idempotency-Key"])
    somebody_else = await bert.post("/worlds", json={"name": "B", "characters": [sent()]}, headers=key)
    assert somebody_else.status_code == 201


async def test_of_many_with_the_same_key_at_once_one_makes_the_world(ann: httpx.AsyncClient) -> None:
    body, key = {"name": "Once", "characters": [sent(), sent()]}, {"Idempotency-Key": new_id()}
    answers = await asyncio.gather(*(ann.post("/worlds", json=body, headers=key) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["world_id"] for answer in answers}) == 1


async def test_a_browser_without_a_session_begins_one_and_its_key_holds_before_and_after(keeping: Server) -> None:
    body, key = {"name": "Mine", "characters": [sent()]}, {"Idempotency-Key": new_id()}
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as browser:
        first = await browser.post("/worlds", json=body, headers=key)
        assert (first.status_code, first.json()["yours"]) == (201, True)
        assert first.json()["generate_on_opening"] == ["portrait", "video"]
        again = await browser.post("/worlds", json=body, headers=key)
        assert (again.status_code, again.json()) == (200, first.json())
        assert [world["name"] for world in (await browser.get("/worlds")).json()["worlds"]] == ["Mine"]
    async with httpx.AsyncClient(base_url=keeping.url, verify=False) as forgetful:
        once_more = await forgetful.post("/worlds", json=body, headers=key)
        assert (once_more.status_code, once_more.json()["world_id"]) == (200, first.json()["world_id"])
        assert "set-cookie" not in once_more.headers


async def test_markup_in_every_text_is_kept_as_text(ann: httpx.AsyncClient) -> None:
    evil = "<img src=x onerror=alert(1)>"
    whole = sent(evil, race=evil, traits=[evil], backstory=evil, appearance=evil, stats={evil: 1}) | {"class": evil}
    board = await made(ann, whole, name=evil)
    looked = await ann.get(f"/worlds/{board['id']}")
    assert looked.headers["content-type"] == "application/json"
    (character,) = looked.json()["characters"]
    assert looked.json()["name"] == evil
    assert [character[word] for word in ("name", "race", "class", "backstory", "appearance")] == [evil] * 5
    assert (character["traits"], character["stats"]) == ([evil], {evil: 1})


async def test_a_character_that_its_author_wrote_with_a_zero_in_it_is_kept_without(
    ann: httpx.AsyncClient, keeper: Keeper
) -> None:
    (character,) = await keeper.characters(submitted=False)
    set_id = (await keeper.index.jobs_of([character["id"]]))[0]
    assert set_id is not None
    record = await keeper.read(set_id, "record")
    record = record.replace(b"Grey eyes.", b"Grey\\u0000 eyes.").replace(b"Mira 0", b"M\\u0000")
    await keeper.write(set_id, "record", record)
    board = await made(ann, character["id"])
    assert (board["characters"][0]["name"], board["characters"][0]["appearance"]) == ("M", "Grey eyes.")


async def test_the_operator_may_change_the_worlds_of_everybody(ann: httpx.AsyncClient, keeping: Server) -> None:
    board = await made(ann, sent())
    async with keyed(keeping, OPERATOR_KEY) as operator:
        looked = (await operator.get(f"/worlds/{board['id']}")).json()
        assert (looked["yours"], looked["generate_on_opening"]) == (True, [])
        assert (await operator.patch(f"/worlds/{board['id']}", json={"name": "Other"})).status_code == 200
        assert (await operator.delete(f"/worlds/{board['id']}")).status_code == 204
