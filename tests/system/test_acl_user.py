"""The ACL user that docs/redis.md describes, tried on a real Redis by all that Limner does."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.embedded import running
from tests.server.support.client import client
from tests.support.docs import DOCS
from tests.support.limner import Process, Server, Worker, limner

pytestmark = pytest.mark.system

CHANNELS = "&limner:*"


@pytest.fixture
def url() -> Iterator[str]:
    with running() as valkey:
        yield valkey.url


@pytest.fixture
async def redis(url: str) -> AsyncIterator[Redis]:
    async with connect(SecretStr(url)) as redis:
        yield redis


def documented() -> list[str]:
    """The command in docs/redis.md, in words."""
    (line,) = re.findall(r"^    (ACL SETUSER limner .*)$", (DOCS / "redis.md").read_text(), re.MULTILINE)
    return str(line).split()


def as_user(url: str) -> dict[str, str]:
    return {"LIMNER_REDIS_URL": url.replace("://", "://limner:password@"), "LIMNER_LOG_FORMAT": "json"}


async def test_with_the_documented_rights_jobs_are_taken_done_watched_tried_again_and_removed(
    url: str, redis: Redis
) -> None:
    await redis.execute_command(*documented())  # type: ignore[no-untyped-call]
    with limner(as_user(url)) as (server, _):
        async with (
            httpx.AsyncClient(base_url=server.url, timeout=60, verify=False) as http,
            client(server.ws_url) as socket,
        ):
            sent = {"description": "an elf", "size": "256x256", "subject": "elf"}
            job = (await http.post("/portraits", json=sent)).json()
            await socket.subscribe(job["id"])
            await socket.until_status(job["id"], "succeeded")
            answer = await http.post("/characters", json={"count": 1}, headers={"Prefer": "wait=30"})
            assert answer.json()["status"] == "succeeded"
            assert (await http.get("/jobs")).json()["jobs"] != []
            other = (await http.post("/portraits", json={"description": "an orc"})).json()
            assert (await http.post(f"/jobs/{other['id']}/cancel")).json()["status"] == "canceled"
            assert (await http.post(f"/jobs/{other['id']}/retry")).json()["status"] == "queued"
            await socket.subscribe(other["id"])
            await socket.until_status(other["id"], "succeeded")
            assert (await http.get(f"/temp-portraits/{other['id']}")).json()["ready"]
            assert (await http.delete(f"/jobs/{other['id']}")).status_code == 200
            assert (await http.get("/ready")).status_code == 200
    denied = await redis.acl_log()
    assert {entry["object"].partition("|")[0] for entry in denied} <= {"config"}


@pytest.mark.parametrize("kind", [Server, Worker])
async def test_without_the_channels_a_process_does_not_begin_and_says_why(
    url: str, redis: Redis, kind: type[Server] | type[Worker]
) -> None:
    await redis.execute_command(*(word for word in documented() if word != CHANNELS))  # type: ignore[no-untyped-call]
    process = kind(as_user(url))
    Process.start(process)
    try:
        assert await asyncio.to_thread(process.wait_for_end) == 2
        assert "The user in LIMNER_REDIS_URL may not subscribe and publish to the channels limner:*" in process.log()
    finally:
        process.__exit__()
