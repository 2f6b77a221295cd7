"""What `/metrics` says moves by what it counts, and stands in the page about it."""

import asyncio
import re
from collections.abc import Callable

import httpx
import pytest
from redis.asyncio import Redis
from websockets.exceptions import InvalidStatus

from server.hub.hub import SAMPLED
from storage.embedded import running
from storage.keys import Keys
from tests.server.conftest import player_over
from tests.server.support.client import client
from tests.server.support.figures import DEADLINE_SECONDS, Figures, Start, figures, until
from tests.server.support.player import Player
from tests.server.support.raw import BINARY, CLOSE, TEXT, RawSocket, frame
from tests.support.limner import ROOT

PAGE = (ROOT / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|(?: (`\w+`(?:, `\w+`)*))? +\| (.+) \|$", re.MULTILINE)


def disconnects(code: int | str) -> Callable[[Figures], bool]:
    return lambda now: now("websocket_disconnects_total", code=str(code)) == 1


async def test_a_websocket_is_counted_while_it_is_open_and_its_coming_and_going_for_good(start: Start) -> None:
    server = start()
    assert figures(server)("connections", transport="websocket") == 0
    async with client(server.ws_url) as socket:
        await socket.next()
        now = figures(server)
        assert now("connections", transport="websocket") == 1
        assert now("connections_accepted_total", transport="websocket") == 1
    now = await until(server, disconnects(1000))
    assert now("connections", transport="websocket") == 0
    assert now("connections_accepted_total", transport="websocket") == 1


async def test_a_held_request_is_counted_while_it_is_held(start: Start, own_player: Player) -> None:
    server = start()
    job_id = await own_player.running()
    job = await own_player.job(job_id)
    headers = {"If-None-Match": f'"{job.version}"', "Prefer": "wait=30"}
    async with httpx.AsyncClient(timeout=40, verify=False) as http:
        held = asyncio.create_task(http.get(f"{server.url}/jobs/{job_id}", headers=headers))
        now = await until(server, lambda now: now("connections", transport="wait") == 1)
        assert now("subscriptions") == 1
        await own_player.succeed(job_id)
        assert (await held).status_code == 200
    now = await until(server, lambda now: now("connections", transport="wait") == 0)
    assert now("connections_accepted_total", transport="wait") == 1


async def test_an_event_stream_is_counted_while_it_is_open(start: Start, own_player: Player) -> None:
    server = start()
    job_id = await own_player.running()
    async with (
        httpx.AsyncClient(timeout=40, verify=False) as http,
        http.stream("GET", f"{server.url}/events", params={"job": job_id}) as stream,
    ):
        assert stream.status_code == 200
        now = await until(server, lambda now: now("connections", transport="events") == 1)
        assert now("connections_accepted_total", transport="events") == 1
    await until(server, lambda now: now("connections", transport="events") == 0)


async def test_who_is_not_let_in_is_counted_by_the_reason(start: Start) -> None:
    server = start(max_connections=1)
    crowded = start(max_connections_per_address=1)
    async with client(server.ws_url) as socket, client(crowded.ws_url) as another:
        await socket.next()
        await another.next()
        with pytest.raises(InvalidStatus):
            async with client(server.ws_url):
                pass
        with pytest.raises(InvalidStatus):
            async with client(server.ws_url, origin="https://evil.example"):
                pass
        async with client(crowded.ws_url) as third:
            assert (await third.closed())[0] == 4504
        now = figures(server)
        assert now("connections_refused_total", reason="full") == 1
        assert now("connections_refused_total", reason="origin") == 1
        assert now("connections", transport="websocket") == 1
        assert now("connections_accepted_total", transport="websocket") == 1
        now = await until(crowded, disconnects(4504))
        assert now("connections_refused_total", reason="crowded") == 1
        assert now("connections_accepted_total", transport="websocket") == 1


async def test_channels_are_counted_by_job_and_subscriptions_by_watcher(start: Start, own_player: Player) -> None:
    server = start()
    one, other = await own_player.running(), await own_player.running()
    async with client(server.ws_url, one, other) as socket, client(server.ws_url, one) as another:
        await socket.until_type("subscribed")
        await another.until_type("subscribed")
        now = figures(server)
        assert (now("channels"), now("subscriptions")) == (2, 3)
        await another.say(type="unsubscribe", jobs=[one])
        await another.answer_to_ping()
        assert figures(server)("subscriptions") == 2


async def test_each_frame_that_is_sent_is_counted_and_of_events_how_late_they_were(
    start: Start, own_player: Player
) -> None:
    server = start()
    job_id = await own_player.running()
    async with client(server.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        assert figures(server)("frames_sent_total") == len(socket.heard) == 3
        for step in range(1, SAMPLED + 1):
            version = (await own_player.advance(job_id, step / 1000)).version
            while (await socket.next())["job"]["version"] != version:
                pass
        now = figures(server)
        assert now("event_lag_seconds_count") == 1
        assert now("frames_sent_total") == len(socket.heard)
        assert 0 <= now("event_lag_seconds_sum") < DEADLINE_SECONDS


async def test_websockets_that_end_are_counted_by_their_close_code(start: Start) -> None:
    server = start(idle_seconds=0.1)
    async with client(server.ws_url) as socket:
        assert (await socket.closed())[0] == 4006
    await until(server, disconnects(4006))

    server = start(max_messages=15)
    async with client(server.ws_url) as socket:
        for _ in range(16):
            await socket.say(type="ping")
        assert (await socket.closed())[0] == 4013
    await until(server, disconnects(4013))
    async with client(server.ws_url) as socket:
        for _ in range(10):
            await socket.connection.send("{}")
        assert (await socket.closed())[0] == 4501
    await until(server, disconnects(4501))
    for bad, code in ((frame(BINARY, b"x"), 1003), (frame(TEXT, b"\xff"), 1007), (frame(TEXT, b"x" * 17_000), 1009)):
        with RawSocket(server.port) as raw:
            raw.send(bad)
            assert raw.close_code() == code
        await until(server, disconnects(code))
    with RawSocket(server.port):
        pass
    await until(server, disconnects(1006))
    with RawSocket(server.port) as raw:
        raw.send(frame(CLOSE))
        await until(server, disconnects(1005))
    for code in (4099, 3000, 4008):  # what a client may say has no end, and may look like ours
        async with client(server.ws_url) as socket:
            await socket.connection.close(code)
    now = await until(server, lambda now: now("websocket_disconnects_total", code="other") == 3)
    assert now("connections_accepted_total", transport="websocket") == 10
    assert (now("slow_clients_total"), now("websocket_disconnects_total", code="4008")) == (0, 0)


async def test_what_a_peer_that_does_not_read_never_gets_is_counted_and_so_is_the_peer(
    start: Start, own_player: Player
) -> None:
    server = start(slow_seconds=2)
    job_id = await own_player.running()
    with RawSocket(server.port, f"/ws?job={job_id}", receive_buffer=4096) as raw:
        while b'"subscribed"' not in raw.frame()[1]:
            pass
        progress = 0.0
        while figures(server)("frames_merged_total") == 0:
            for _ in range(20):
                progress += 0.0001
                await own_player.advance(job_id, progress, preview="data:," + "x" * 8_000)
        now = await until(server, lambda now: now("slow_clients_total") == 1)
        assert now("connections", transport="websocket") == 0
        ended = [now("websocket_disconnects_total", code=code) for code in ("1006", "4008")]
        assert sum(ended) == 1


async def test_an_event_connection_that_is_lost_is_one_made_anew_and_a_resync(start: Start, prefix: str) -> None:
    with running() as valkey:
        server = start(redis_url=valkey.url, probe_seconds=0.1, backstop_seconds=0.1)
        async with Redis.from_url(valkey.url) as redis:
            player = player_over(redis, prefix)
            job_id = await player.running()
            async with client(server.ws_url, job_id) as socket:
                await socket.until_type("subscribed")
                now = await until(server, lambda now: now("probe_round_trip_seconds_count") > 0)
                assert (now("event_reconnects_total"), now("resyncs_total", reason="lost")) == (0, 0)
                assert (now("processes"), now("processes_ready")) == (1, 1)
                await redis.client_kill_filter(_type="pubsub")
                await player.succeed(job_id)
                await socket.until_status(job_id, "succeeded")
                now = figures(server)
                assert (now("event_reconnects_total"), now("resyncs_total", reason="lost")) == (1, 1)
                assert now("backstop_finds_total") == 0


async def test_what_only_the_backstop_found_is_counted(
    start: Start, own_player: Player, redis: Redis, keys: Keys
) -> None:
    server = start(backstop_seconds=0.1)
    job_id = await own_player.running()
    async with client(server.ws_url, job_id) as socket:
        await socket.until_type("subscribed")
        assert figures(server)("backstop_finds_total") == 0
        stored = await own_player.store.get(job_id)
        assert stored is not None
        assert stored.record is not None
        later = b"%d" % (int(stored.record[:16]) + 1)
        await redis.hset(keys.job(job_id), "record", later + stored.record[16:])  # type: ignore[misc, arg-type]
        await until(server, lambda now: now("backstop_finds_total") == 1)


async def test_a_server_that_events_do_not_reach_is_not_ready(start: Start) -> None:
    with running() as valkey:
        server = start(redis_url=valkey.url)
        assert figures(server)("processes_ready") == 1
    now = await until(server, lambda now: now("processes_ready") == 0)
    assert now("processes") == 1


async def test_submissions_that_cannot_be_stored_are_counted_by_the_reason(start: Start) -> None:
    wanted = {"description": "an elf"}
    with running() as valkey:
        server = start(redis_url=valkey.url)
        async with Redis.from_url(valkey.url) as redis, httpx.AsyncClient(base_url=server.url, verify=False) as http:
            await redis.config_set("maxmemory", int((await redis.info("memory"))["used_memory"] / 0.9))
            assert (await http.post("/portraits", json=wanted)).status_code == 503
            assert (await http.get("/jobs/0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55")).status_code == 404
        assert submissions_refused(figures(server)) == (1, 0)
    async with httpx.AsyncClient(base_url=server.url, timeout=DEADLINE_SECONDS, verify=False) as http:
        assert (await http.post("/portraits", json=wanted)).status_code == 503
    assert submissions_refused(figures(server)) == (1, 1)


def submissions_refused(now: Figures) -> tuple[float, float]:
    full, away = (now("submissions_refused_total", reason=reason) for reason in ("full", "away"))
    return full, away


async def test_the_page_lists_every_metric_with_its_type_its_labels_and_its_help(
    start: Start, own_player: Player
) -> None:
    await own_player.running()
    exported = set()
    for family in figures(start()).families:
        if family.name.startswith("limner_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            shown = ", ".join(f"`{label}`" for label in sorted(labels))
            exported.add((name, family.type, shown, family.documentation))
    assert {row.groups(default="") for row in ROW.finditer(PAGE)} == exported


def test_the_page_speaks_of_no_metric_that_there_is_not(start: Start) -> None:
    assert set(re.findall(r"\blimner_\w+", PAGE)) <= figures(start()).names() | {
        row.group(1) for row in ROW.finditer(PAGE)
    }
