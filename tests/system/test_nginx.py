"""Everything that is promised, through Debian's nginx as docs/deploy.md sets it up: at a path, before two servers.

Its time-outs and its buffering are its own. No client sticks to a server.
"""

import asyncio
import contextlib
import itertools
import json
import re
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from storage.records.ids import JobId, new_job_id
from tests.server.conftest import player_over
from tests.server.support.player import Player
from tests.support.behind_nginx import LONG_SECONDS, LongWatch, Site, behind_nginx
from tests.support.limner import DEADLINE_SECONDS, Process, Server, Worker
from tests.support.nginx import PATH, Nginx
from tests.support.ways_in import Transport, Watch, watching

pytestmark = [pytest.mark.system, pytest.mark.nginx]

Stop = Callable[[Server], Coroutine[None, None, None]]
STREAMS = (Transport.WEBSOCKET, Transport.EVENTS)
POLLS = (Transport.WAIT, Transport.MANY)


@pytest.fixture
def play(redis: Redis, prefix: str) -> Player:
    return player_over(redis, prefix)


async def watch_all(stack: AsyncExitStack, url: str, jobs: Sequence[JobId]) -> list[Watch]:
    """Two of each kind, and of two streams, which come one after the other, each server has one."""
    watches = []
    for transport in (*sorted(STREAMS * 2), *POLLS, *POLLS):
        watch = await stack.enter_async_context(watching(transport, url, jobs))
        await watch.until(lambda watch: all(watch.seen.values()))
        watches.append(watch)
    return watches


@pytest.mark.parametrize("transport", Transport)
async def test_every_state_comes_through_at_once_and_once(site: Site, play: Player, transport: Transport) -> None:
    job, other = await play.running(), new_job_id()
    async with watching(transport, site.url, [job, other]) as watch:
        await watch.until_status(other, "unknown")
        await watch.until_status(job, "processing")
        for progress in (0.2, 0.4, 0.6):
            version = (await play.advance(job, progress)).version
            await watch.until(lambda watch, version=version: watch.versions(job)[-1] == version)  # type: ignore[misc]
        await play.succeed(job)
        await play.finished(other)
        await watch.until_final([job, other])
    assert watch.broken_promises() == []
    assert watch.lines == (2 if transport is Transport.WAIT else 1)


async def stop_in_order(server: Server) -> None:
    assert await asyncio.to_thread(server.terminate) == 0


async def stop_dead(server: Server) -> None:
    server.kill()


@pytest.mark.parametrize("stop", [stop_in_order, stop_dead], ids=["SIGTERM", "SIGKILL"])
async def test_whoever_was_on_a_server_that_is_stopped_goes_on_at_the_other(
    site: Site, play: Player, stop: Stop
) -> None:
    jobs = [await play.running() for _ in range(4)]
    async with AsyncExitStack() as stack:
        watches = await watch_all(stack, site.url, jobs)
        stopping = asyncio.create_task(stop(site.first))
        for step in range(1, 10):
            for job in jobs:
                await play.advance(job, step / 10)
        for job in jobs[1:]:
            await play.succeed(job)
        await stopping
        await play.succeed(jobs[0])
        for watch in watches:
            await watch.until_final(jobs)
        for watch in watches:
            assert watch.broken_promises() == []
        for transport in STREAMS:
            assert sum(watch.reconnects for watch in watches if watch.transport is transport) == 1
        said = "goodbye" if stop is stop_in_order else "1006"
        assert sum(watch.told[said] for watch in watches if watch.transport is Transport.WEBSOCKET) == 1


async def test_a_submission_is_taken_in_by_the_server_that_is_left_and_is_one_job(site: Site) -> None:
    site.second.kill()
    ids = [new_job_id() for _ in range(4)]
    async with httpx.AsyncClient(base_url=site.url, verify=False) as http:
        for job_id in ids:
            answer = await http.post("/portraits", json={"description": "an old dwarf", "id": job_id})
            assert answer.status_code == 202
        assert {job["id"] for job in (await http.get("/jobs")).json()["jobs"]} == set(ids)


async def test_every_address_that_is_told_leads_through_the_path(site: Site, environment: dict[str, str]) -> None:
    settings = {**environment, "LIMNER_PUBLIC_URL": site.url}
    path, origin = urlsplit(site.url).path, {"Origin": site.url.removesuffix(PATH)}
    with Worker(settings) as worker:
        await asyncio.to_thread(worker.wait_until_started)
        async with httpx.AsyncClient(base_url=site.url, timeout=40, headers=origin, verify=False) as http:
            answer = await http.post("/portraits", json={"description": "an old dwarf", "size": "256x256"})
            job = answer.json()
            assert answer.headers["location"] == f"{path}/jobs/{job['id']}"
            assert f"Path={path}/;" in answer.headers["set-cookie"]
            assert [cookie.path for cookie in http.cookies.jar] == [f"{path}/"]

            waiting = {"Prefer": "wait=30", "If-None-Match": answer.headers["etag"]}
            while job["status"] not in ("succeeded", "failed"):
                told = await http.get(httpx.URL(site.url).join(answer.headers["location"]), headers=waiting)
                assert told.status_code == 200
                job, waiting["If-None-Match"] = told.json(), told.headers["etag"]
            assert job["result"]["url"].startswith(f"{site.url}/temp-portraits/{job['id']}/image?v=")
            picture = await http.get(job["result"]["url"])
            assert picture.headers["content-type"] == "image/png"

            assert [one["id"] for one in (await http.get("/jobs")).json()["jobs"]] == [job["id"]]
            assert (await http.delete(f"/jobs/{job['id']}")).status_code == 200


def test_the_command_line_finds_the_server_at_its_path(site: Site, environment: dict[str, str], tmp_path: Path) -> None:
    command = ("-m", "server", "generate", "--count", "1", "--url", site.url, "--out", str(tmp_path))
    with Worker({**environment, "LIMNER_PUBLIC_URL": site.url}), Process(*command, environment={}) as generate:
        assert generate.wait_for_end() == 0
    assert [picture.suffix for picture in tmp_path.glob("*.png")] == [".png"]


async def test_the_figures_are_not_for_the_world(site: Site) -> None:
    async with httpx.AsyncClient(verify=False) as http:
        assert (await http.get(f"{site.first.url}/metrics")).status_code == 200
        assert (await http.get(f"{site.url}/metrics")).status_code == 404


@pytest.fixture
def narrow(environment: dict[str, str]) -> Iterator[Nginx]:
    """One server, which both places of the configuration name, with room for two connections of an address."""
    with Nginx() as nginx, contextlib.ExitStack() as stack:
        limits = {"LIMNER_TRUSTED_PROXIES": "127.0.0.1", "LIMNER_MAX_CONNECTIONS_PER_ADDRESS": "2"}
        server = stack.enter_context(Server({**environment, **limits}))
        nginx.start([server.port, server.port])
        yield nginx


async def test_connections_are_counted_by_the_address_that_nginx_has_seen(narrow: Nginx) -> None:
    async def arrive(address: str, stack: AsyncExitStack) -> ClientConnection:
        forged = {"X-Forwarded-For": "198.51.100.7"}
        return await stack.enter_async_context(
            connect(narrow.ws_url, local_addr=(address, 0), additional_headers=forged)
        )

    async def greeting(socket: ClientConnection) -> str | int | None:
        try:
            return str(json.loads(await socket.recv())["type"])
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    async with AsyncExitStack() as stack:
        for address, expected in (
            ("127.0.0.2", "hello"),
            ("127.0.0.2", "hello"),
            ("127.0.0.2", 4504),
            ("127.0.0.3", "hello"),
        ):
            assert await greeting(await arrive(address, stack)) == expected


async def test_a_url_has_room_for_as_many_ids_as_a_server_takes(site: Site) -> None:
    ids = [new_job_id() for _ in range(256)]
    async with httpx.AsyncClient(base_url=site.url, verify=False) as http:
        answer = await http.get("/jobs", params={"id": ids})
        assert answer.json()["unknown"] == ids
        async with http.stream("GET", "/events", params={"job": ids}) as answer:
            assert answer.status_code == 200
    async with connect(f"{site.nginx.ws_url}?{'&'.join(f'job={job_id}' for job_id in ids)}") as socket:
        assert json.loads(await socket.recv())["type"] == "hello"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/events", ""),
        ("/ws", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"),
    ],
    ids=STREAMS[::-1],
)
async def test_a_client_that_does_not_read_is_not_read_for_by_nginx_but_cut_off(
    environment: dict[str, str], play: Player, path: str, headers: str
) -> None:
    job = await play.running()
    preview = "data:image/webp;base64,".ljust(8_000, "A")
    with behind_nginx({**environment, "LIMNER_SLOW_SECONDS": "0.5"}) as site, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(("127.0.0.1", site.nginx.port))
        client.sendall(
            f"GET {PATH}{path}?job={job} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n{headers}\r\n".encode()
        )
        async with httpx.AsyncClient(verify=False) as http, asyncio.timeout(DEADLINE_SECONDS):
            for step in itertools.count(1):
                await play.advance(job, step / 1e6, preview=preview)
                if step % 100 == 0 and await slow_clients(http, site):
                    break


async def slow_clients(http: httpx.AsyncClient, site: Site) -> float:
    pages = [(await http.get(f"{server.url}/metrics")).text for server in (site.first, site.second)]
    return sum(float(found) for page in pages for found in re.findall(r"^limner_slow_clients_total (\S+)$", page, re.M))


@pytest.mark.timeout(LONG_SECONDS + 120)
def test_a_job_of_130_seconds_is_watched_to_its_end_on_connections_that_nobody_cuts(long_watch: LongWatch) -> None:
    for transport, seen in long_watch.outcome().items():
        assert seen["statuses"] == ["processing", "succeeded"], transport
        assert seen["broken"] == [], transport
        assert seen["lines"] == 1, transport
        assert set(seen["told"]) <= {"stands", "hello", "subscribed", "ping"}, transport
