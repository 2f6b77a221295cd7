"""One contract, four ways in: what docs/protocol.md guarantees holds for each transport."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from pydantic import SecretStr

from storage.connect import connect
from storage.records.ids import JobId, new_job_id
from tests.server.conftest import lines_of, player_over
from tests.server.support.client import client
from tests.server.support.player import Player
from tests.support.limner import Server
from tests.support.switch import Switch
from tests.support.ways_in import Transport, Watch, watching

PREFIX = "ways:"
SPEAKING = (Transport.WEBSOCKET, Transport.EVENTS)
"""Those on which the server speaks by itself."""


@pytest.fixture(params=list(Transport))
def transport(request: pytest.FixtureRequest) -> Transport:
    found: Transport = request.param
    return found


@pytest.fixture
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    switch = Switch(tmp_path_factory.mktemp("v"))
    yield switch
    switch.off()


@pytest.fixture
def adverse(switch: Switch) -> Iterator[Server]:
    environment = {"LIMNER_REDIS_URL": switch.valkey.url, "LIMNER_REDIS_PREFIX": PREFIX, "LIMNER_LOG_FORMAT": "json"}
    with Server(environment) as server:
        yield server
        assert lines_of(server, "error", "critical") == []


@pytest.fixture
async def adverse_player(switch: Switch) -> AsyncIterator[Player]:
    async with connect(SecretStr(switch.valkey.url)) as redis:
        yield player_over(redis, PREFIX)


async def until_watched(watch: Watch, *job_ids: JobId) -> None:
    """Until the first state of each was seen, so that what follows is news."""
    await watch.until(lambda watch: all(watch.seen[job_id] for job_id in job_ids))


async def test_the_final_state_is_seen_no_version_twice_and_none_older_after_a_newer(
    transport: Transport, edge: Server, player: Player
) -> None:
    job_ids = [await player.running() for _ in range(3)]
    async with watching(transport, edge.url, job_ids) as watch:
        await until_watched(watch, *job_ids)
        for step in range(1, 60):
            for job_id in job_ids:
                await player.advance(job_id, step / 60)
        done = [await player.succeed(job_id) for job_id in job_ids]
        await watch.until_final(job_ids)
    assert [watch.versions(job.id)[-1] for job in done] == [job.version for job in done]
    assert watch.broken_promises() == []
    assert watch.reconnects == 0


async def test_what_was_final_before_anybody_watched_is_seen(
    transport: Transport, edge: Server, player: Player
) -> None:
    done = await player.finished()
    async with watching(transport, edge.url, [done.id]) as watch:
        await watch.until_final([done.id])
    assert (watch.versions(done.id), watch.broken_promises()) == ([done.version], [])


async def test_a_job_that_is_not_there_is_unknown_and_is_seen_when_it_appears(
    transport: Transport, edge: Server, player: Player
) -> None:
    job_id, other = new_job_id(), await player.running()
    async with watching(transport, edge.url, [job_id, other]) as watch:
        await watch.until_status(job_id, "unknown")
        await player.submit(job_id)
        await watch.until_status(job_id, "queued")
        await player.begin(job_id)
        await player.succeed(job_id)
        await watch.until_final([job_id])
    assert (watch.status(other), watch.broken_promises()) == ("processing", [])


async def test_a_job_that_is_no_longer_kept_is_expired_also_before_somebodys_eyes(
    transport: Transport, edge: Server, player: Player
) -> None:
    gone, going = await player.finished(), await player.finished()
    await player.store.remove(JobId(gone.id))
    async with watching(transport, edge.url, [gone.id, going.id]) as watch:
        await watch.until_status(gone.id, "expired")
        await watch.until_final([going.id])
        await player.store.remove(JobId(going.id))
        await watch.until_status(going.id, "expired")
    assert watch.broken_promises() == []


async def test_a_persons_retry_of_a_final_job_is_seen_and_its_end(
    transport: Transport, edge: Server, player: Player
) -> None:
    job_id = await player.running()
    async with watching(transport, edge.url, [job_id]) as watch:
        await until_watched(watch, job_id)
        await player.fail(job_id)
        await watch.until_status(job_id, "failed")
        await player.store.retry(job_id)
        await watch.until_status(job_id, "queued")
        await player.begin(job_id)
        done = await player.succeed(job_id)
        await watch.until_status(job_id, "succeeded")
    assert watch.versions(job_id)[-1] == done.version
    assert watch.broken_promises() == []


async def test_as_many_jobs_as_one_may_watch_all_come_to_their_end(
    transport: Transport, start: Callable[..., Server], own_player: Player
) -> None:
    server, player = start(), own_player
    job_ids = [await player.running() for _ in range(256)]
    async with watching(transport, server.url, job_ids) as watch:
        await until_watched(watch, *job_ids)
        for job_id in job_ids:
            await player.succeed(job_id)
        await watch.until_final(job_ids)
    assert watch.broken_promises() == []


async def test_while_redis_is_away_it_is_said_so_nothing_is_unknown_and_then_the_end_is_seen(
    transport: Transport, adverse: Server, switch: Switch, adverse_player: Player
) -> None:
    player = adverse_player
    job_id, silent = await player.running(), await player.running()
    async with watching(transport, adverse.url, [job_id, silent]) as watch:
        await until_watched(watch, job_id, silent)
        await asyncio.to_thread(switch.off)
        await watch.until(lambda watch: watch.told["unavailable"] > 0)
        await asyncio.to_thread(switch.on)
        await player.succeed(job_id)
        await watch.until_final([job_id])
    assert "unknown" not in [sight.status for sights in watch.seen.values() for sight in sights]
    assert (watch.reconnects, watch.broken_promises()) == (0, [])


async def test_what_an_emptied_redis_has_lost_is_unknown_and_may_be_submitted_again(
    transport: Transport, adverse: Server, switch: Switch, adverse_player: Player
) -> None:
    player = adverse_player
    job_id = await player.running()
    async with watching(transport, adverse.url, [job_id]) as watch:
        await until_watched(watch, job_id)
        await asyncio.to_thread(switch.off)
        switch.forget()
        await asyncio.to_thread(switch.on)
        await watch.until_status(job_id, "unknown")
        await player.submit(job_id)
        await watch.until_status(job_id, "queued")
        await player.begin(job_id)
        await player.succeed(job_id)
        await watch.until_final([job_id])
    assert watch.broken_promises() == []


@pytest.mark.parametrize("end", [Server.kill, Server.terminate])
async def test_a_client_goes_on_where_it_was_when_the_server_is_there_again(
    transport: Transport, end: Callable[[Server], object], start: Callable[..., Server], own_player: Player
) -> None:
    server, player = start(), own_player
    job_ids = missed, later = [await player.running() for _ in range(2)]
    async with watching(transport, server.url, job_ids) as watch:
        await until_watched(watch, *job_ids)
        await asyncio.to_thread(end, server)
        await player.succeed(missed)
        await asyncio.to_thread(server.start)
        await watch.until_final([missed])
        await player.succeed(later)
        await watch.until_final([later])
    assert watch.reconnects > 0
    assert watch.broken_promises() == []


async def test_a_server_that_stops_sends_its_clients_off_and_nothing_is_lost(
    transport: Transport, start: Callable[..., Server], own_player: Player
) -> None:
    server, player = start(drain_seconds=0.2), own_player
    job_ids = [await player.running() for _ in range(4)]
    async with watching(transport, server.url, job_ids, wait=30) as watch:
        await until_watched(watch, *job_ids)
        await asyncio.to_thread(server.terminate)
        for job_id in job_ids:
            await player.succeed(job_id)
        await asyncio.to_thread(server.start)
        await watch.until_final(job_ids)
    assert (watch.told["goodbye"] > 0) is (transport in SPEAKING)
    assert (watch.told["4001"] > 0) is (transport is Transport.WEBSOCKET)
    assert watch.broken_promises() == []
    assert lines_of(server, "warning", "error", "critical") == []


class KeptAlive:
    """A connection over which one request has gone already."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, server: Server) -> AsyncIterator["KeptAlive"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        kept = cls(reader, writer)
        status, headers = await kept.get("/health")
        assert status == 200
        await reader.readexactly(int(headers["content-length"]))
        try:
            yield kept
        finally:
            writer.close()

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer. Its body is still to be read."""
        lines = [f"GET {path} HTTP/1.1", "Host: limner", *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(20):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status, *fields = head.strip().split("\r\n")
        return int(status.split()[1]), {
            name.lower(): value for name, _, value in (field.partition(": ") for field in fields)
        }


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
HELD = {"If-None-Match": "*", "Prefer": "wait=30"}


async def test_a_server_that_is_stopping_lets_nobody_new_in(start: Callable[..., Server], own_player: Player) -> None:
    server, job_id = start(drain_seconds=20), await own_player.running()
    async with client(server.ws_url) as first, client(server.ws_url) as second, contextlib.AsyncExitStack() as stack:
        for socket in (first, second):
            await socket.next()
        lines = [await stack.enter_async_context(KeptAlive.to(server)) for _ in range(3)]
        os.kill(server.pid, signal.SIGTERM)
        await asyncio.to_thread(server.wait_until_logged, "server draining")
        status, headers = await lines[0].get("/ws", **UPGRADE)
        assert (status, int(headers["retry-after"]) > 0) == (503, True)
        status, headers = await lines[1].get(f"/events?job={job_id}")
        assert (status, int(headers["retry-after"]) > 0) == (503, True)
        status, headers = await lines[2].get(f"/jobs/{job_id}", **HELD)
        assert (status, "preference-applied" in headers) == (304, False)
