"""Redis goes away, stands still, comes back, or has lost everything, while people watch."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.records.ids import JobId
from tests.server.conftest import lines_of, player_over
from tests.server.support.client import client, versions
from tests.server.support.player import Player
from tests.server.support.problems import assert_problem
from tests.support.limner import Server
from tests.support.proxy import Proxy, redis_proxy
from tests.support.switch import Switch

PREFIX = "adverse:"
SOON = {
    "LIMNER_PROBE_SECONDS": "0.2",
    "LIMNER_PROBE_ANSWER_SECONDS": "0.5",
    "LIMNER_BACKSTOP_SECONDS": "0.3",
    "LIMNER_REDIS_SECONDS": "0.5",
}
"""What a server does by the clock, soon enough for a test."""


@pytest.fixture
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Switch]:
    switch = Switch(tmp_path_factory.mktemp("v"))
    yield switch
    switch.off()


@pytest.fixture
async def adverse(switch: Switch) -> AsyncIterator[Server]:
    environment = {"LIMNER_REDIS_URL": switch.valkey.url, "LIMNER_REDIS_PREFIX": PREFIX, "LIMNER_LOG_FORMAT": "json"}
    with Server({**environment, **SOON}) as server:
        yield server
        assert lines_of(server, "error", "critical") == []


@pytest.fixture
def half_way(switch: Switch) -> Iterator[tuple[Server, Proxy]]:
    """A server, and what all its connections to Redis go through."""
    proxy, url = redis_proxy(switch.valkey.url)
    environment = {"LIMNER_REDIS_URL": url, "LIMNER_REDIS_PREFIX": PREFIX, "LIMNER_LOG_FORMAT": "json"}
    with proxy, Server({**environment, **SOON}) as server:
        yield server, proxy
        assert lines_of(server, "error", "critical") == []


@pytest.fixture
async def command(switch: Switch) -> AsyncIterator[Redis]:
    async with connect(SecretStr(switch.valkey.url)) as redis:
        yield redis


@pytest.fixture
def adverse_player(command: Redis) -> Player:
    return player_over(command, PREFIX)


async def test_when_the_event_connection_is_cut_everything_that_was_missed_is_sent(
    adverse: Server, command: Redis, adverse_player: Player
) -> None:
    player = adverse_player
    missed, silent, later = [await player.running() for _ in range(3)]
    async with client(adverse.ws_url, missed, silent, later) as socket:
        await socket.until_type("subscribed")
        for _ in range(3):
            await player.advance(missed, 0.5)
            await command.client_kill_filter(_type="pubsub")
            await player.advance(missed, 0.6)
        await player.succeed(missed)
        assert (await socket.until_type("error"))["code"] == "unavailable"
        await socket.until_status(missed, "succeeded")
        await player.succeed(later)
        await socket.until_status(later, "succeeded")
        for job_id in (missed, silent, later):
            seen = versions(socket.states_of(job_id))
            assert seen == sorted(set(seen))
        assert len(socket.states_of(silent)) == 1
        assert socket.heard[-1]["job"]["id"] == later


async def test_while_redis_is_away_nothing_is_unknown_and_afterwards_the_end_is_seen(
    adverse: Server, switch: Switch, adverse_player: Player
) -> None:
    player = adverse_player
    job_id, done = await player.running(), await player.finished()
    async with (
        client(adverse.ws_url, job_id) as socket,
        httpx.AsyncClient(base_url=adverse.url, timeout=10, verify=False) as http,
    ):
        await socket.until_type("subscribed")
        switch.off()
        assert (await socket.until_type("error"))["code"] == "unavailable"
        async with client(adverse.ws_url, done.id) as newcomer:
            assert (await newcomer.until_type("error"))["code"] == "unavailable"
            for answer in [
                await http.get(f"/jobs/{job_id}"),
                await http.get(f"/jobs/{job_id}", headers={"If-None-Match": "*", "Prefer": "wait=20"}),
                await http.get("/jobs", params={"id": [job_id]}),
                await http.post("/characters", json={"count": 1}),
                await http.post("/portraits", json={"description": "an elf"}, headers={"Prefer": "wait=20"}),
                await http.post(f"/jobs/{job_id}/cancel"),
                await http.delete(f"/jobs/{job_id}"),
                await http.get(f"/temp-portraits/{done.id}"),
                await http.get(f"/temp-portraits/{done.id}/image"),
                await http.get("/ready"),
            ]:
                assert_problem(answer, 503)
                assert int(answer.headers["retry-after"]) > 0
            assert (await http.get("/health")).status_code == 200
            switch.on()
            await newcomer.until_status(done.id, "succeeded")
            await newcomer.until_type("subscribed")
            assert [message["type"] for message in newcomer.heard if message["type"] == "unknown"] == []
        await player.succeed(job_id)
        await socket.until_status(job_id, "succeeded")
        assert "unknown" not in [message["type"] for message in socket.heard]
        seen = versions(socket.states_of(job_id))
        assert seen == sorted(set(seen))


async def test_a_job_that_redis_has_lost_becomes_unknown_and_may_be_submitted_again(
    adverse: Server, switch: Switch, adverse_player: Player
) -> None:
    player = adverse_player
    job_id = await player.running()
    async with client(adverse.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        switch.off()
        switch.forget()
        switch.on()
        assert await socket.until_type("unknown") == {"type": "unknown", "job": job_id, "expired": False}
        before = socket.states_of(job_id)[-1]["version"]
        assert await player.submit(JobId(job_id)) == job_id
        again = await socket.until_status(job_id, "queued")
        assert again["version"] > before


async def test_a_poll_that_waits_when_redis_goes_away_ends_with_an_error_soon(
    adverse: Server, switch: Switch, adverse_player: Player
) -> None:
    job_id = await adverse_player.running()
    async with httpx.AsyncClient(base_url=adverse.url, timeout=10, verify=False) as http:
        tag = (await http.get(f"/jobs/{job_id}")).headers["etag"]
        waiting = asyncio.create_task(http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag, "Prefer": "wait=30"}))
        await http.get("/health")
        switch.off()
        assert_problem(await waiting, 503)


async def test_a_redis_that_refuses_to_write_is_away_and_the_hub_outlives_it(
    adverse: Server, command: Redis, adverse_player: Player
) -> None:
    player = adverse_player
    done = await player.finished()
    key = f"{PREFIX}job:{done.id}"
    # So long ago that a look would keep the job on, which is a write.
    await command.hset(key, "kept_until", str(await player.store.now() + 60_000))  # type: ignore[misc]
    await command.config_set("min-replicas-to-write", "1")
    async with httpx.AsyncClient(base_url=adverse.url, verify=False) as http:
        assert (await http.get(f"/jobs/{done.id}")).status_code == 200
        refused = await http.post("/characters", json={"count": 1})
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        async with client(f"{adverse.ws_url}?job={done.id}") as watcher:
            await watcher.until_type("subscribed")
        await command.config_set("min-replicas-to-write", "0")
        assert (await http.post("/characters", json={"count": 1})).status_code == 202
    async with client(f"{adverse.ws_url}?job={done.id}") as watcher:
        await watcher.until_type("subscribed")


async def test_connections_that_lost_their_other_end_without_a_word_are_found_and_made_anew(
    half_way: tuple[Server, Proxy], adverse_player: Player
) -> None:
    server, proxy = half_way
    job_id = await adverse_player.running()
    async with client(server.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        proxy.half_open()
        done = await adverse_player.succeed(job_id)
        assert (await socket.until_type("error"))["code"] == "unavailable"
        await socket.until_status(job_id, "succeeded")
        assert versions(socket.states_of(job_id))[1:] == [done.version]
    assert {line["reason"] for line in lines_of(server, "warning") if line["event"] == "redis lost"} == {"probe"}


async def test_while_redis_stands_still_that_is_said_and_afterwards_the_end_is_seen(
    adverse: Server, command: Redis, adverse_player: Player
) -> None:
    job_id = await adverse_player.running()
    valkey = (await command.info("server"))["process_id"]
    async with client(adverse.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        os.kill(valkey, signal.SIGSTOP)
        try:
            assert (await socket.until_type("error"))["code"] == "unavailable"
            async with httpx.AsyncClient(base_url=adverse.url, timeout=10, verify=False) as http:
                assert_problem(await http.get("/ready"), 503)
        finally:
            os.kill(valkey, signal.SIGCONT)
        done = await adverse_player.succeed(job_id)
        await socket.until_status(job_id, "succeeded")
        assert versions(socket.states_of(job_id))[1:] == [done.version]


async def test_a_redis_that_was_emptied_while_it_stood_has_no_job_any_more(
    adverse: Server, command: Redis, adverse_player: Player
) -> None:
    jobs = [await adverse_player.running(), (await adverse_player.finished()).id]
    async with client(adverse.ws_url, *jobs) as socket:
        await socket.until_type("subscribed")
        await command.flushall()
        told = [await socket.until_type("unknown") for _ in jobs]
        assert sorted(message["job"] for message in told) == sorted(jobs)
    assert [line["jobs"] for line in lines_of(adverse, "warning") if line["event"] == "changes missed"] == [1]
