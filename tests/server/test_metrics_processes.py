"""What `/metrics` says where several processes share a folder."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from storage.errors import REFUSED
from tests.server.conftest import lines_of
from tests.server.support.client import client
from tests.server.support.figures import DEADLINE_SECONDS, Start, figures, until
from tests.server.support.player import Player
from tests.support.limner import ROOT


@pytest.fixture
def share(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts servers that share a folder."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return start


async def test_processes_that_share_a_folder_answer_for_all_of_them(share: Start, own_player: Player) -> None:
    one, other = share(), share()
    job_id = await own_player.running()
    async with (
        client(one.ws_url, job_id) as first,
        client(other.ws_url, job_id) as second,
        client(other.ws_url) as third,
    ):
        await first.until_type("subscribed")
        await second.until_type("subscribed")
        await third.next()
        for server in (one, other):
            now = await until(server, lambda now: now("frames_sent_total") == 7)
            assert now("connections", transport="websocket") == 3
            assert now("connections_accepted_total", transport="websocket") == 3
            assert (now("channels"), now("subscriptions")) == (2, 2)
            assert (now("processes"), now("processes_ready")) == (2, 2)
    assert (lines_of(one, "error"), lines_of(other, "error")) == ([], [])


async def test_of_a_process_that_was_killed_the_totals_stay_and_the_connections_go(share: Start) -> None:
    one, other = share(), share()
    async with client(one.ws_url) as mine, client(other.ws_url) as lost:
        await mine.next()
        await lost.next()
        await until(one, lambda now: now("connections", transport="websocket") == 2)
        other.kill()
        now = figures(one)
        assert now("processes") == 1
        assert now("connections", transport="websocket") == 1
        assert now("connections_accepted_total", transport="websocket") == 2
        other.start()
        now = await until(one, lambda now: now("processes") == 2)
        assert now("connections", transport="websocket") == 1
        assert now("connections_accepted_total", transport="websocket") == 2


async def test_what_a_process_counted_last_before_its_end_is_not_lost(share: Start) -> None:
    one, other = share(), share(drain_seconds=0.2)
    async with client(other.ws_url) as socket, client(other.ws_url) as another:
        await socket.next()
        await another.next()
        ending = asyncio.create_task(asyncio.to_thread(other.terminate))
        assert [(await guest.closed())[0] for guest in (socket, another)] == [4001, 4001]
        await ending
    now = figures(one)
    assert now("websocket_disconnects_total", code="4001") == 2
    assert now("connections", transport="websocket") == 0
    assert now("drain_seconds") > 0


async def test_a_process_that_drains_is_not_ready(share: Start) -> None:
    one, other = share(), share(drain_seconds=3_600)
    async with client(other.ws_url) as socket, client(other.ws_url) as another:
        await socket.next()
        await another.next()
        await until(one, lambda now: now("processes_ready") == 2)
        os.kill(other.pid, signal.SIGTERM)
        other.wait_until_logged("server draining")
        now = await until(one, lambda now: now("processes_ready") == 1)
        assert now("processes") == 2


async def test_a_folder_that_is_none_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "nowhere"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "serve", cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, error = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
    assert process.returncode == REFUSED
    assert b"PROMETHEUS_MULTIPROC_DIR" in error
