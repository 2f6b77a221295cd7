"""Worlds while Redis is nearly full, and takes no new job."""

import base64
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.embedded import running
from tests.server.support.keeper import keeper_over, made, sent
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.pictures import portrait


@pytest.fixture
def own_url() -> Iterator[str]:
    """A Valkey of the test's own, since how full one is holds for all who use it."""
    with running() as valkey:
        yield valkey.url


@pytest.fixture
async def own_redis(own_url: str) -> AsyncIterator[Redis]:
    async with connect(SecretStr(own_url)) as client:
        yield client


async def test_a_world_is_kept_while_redis_is_full_and_what_it_cannot_begin_it_does_not_note(
    start: Callable[..., Server], own_url: str, own_redis: Redis, prefix: str, database_url: str, tmp_path: Path
) -> None:
    server = start(redis_url=own_url, database_url=database_url, objects_dir=tmp_path)
    await own_redis.config_set("maxmemory", int((await own_redis.info("memory"))["used_memory"] / 0.9))
    picture = base64.b64encode(portrait()).decode()
    async with (
        httpx.AsyncClient(base_url=server.url, verify=False) as browser,
        keeper_over(own_redis, prefix, database_url) as keeper,
    ):
        board = await made(browser, sent("Ada", image_portrait_base64=picture), sent("Bo"))
        assert await keeper.waiting("upload") == 0
        row = await keeper.kept.database.first("select taken_up_at, look_at from media")
        assert row is not None
        assert None not in tuple(row)  # the sweep will find it

        refused = await browser.post(f"/worlds/{board['id']}/generate", json={"kind": "portrait"})
        assert_problem(refused, 503)
        one_more = f"/worlds/{board['id']}/characters/{board['characters'][0]['id']}/portrait"
        assert_problem(await browser.post(one_more, json={}), 503)
        now = (await browser.get(f"/worlds/{board['id']}")).json()
        assert [one["portrait"] for one in now["characters"]] == [one["portrait"] for one in board["characters"]]
        assert await keeper.count("media") == 1
