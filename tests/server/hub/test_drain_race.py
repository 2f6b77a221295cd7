"""The third walk of docs/races.md: what happens between the goodbye and the close is told by the next server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.hub.connection import Limits
from server.hub.wire import WireProtocol
from storage.records.ids import JobId
from tests.server.hub.conftest import Scene
from tests.server.support.client import client
from tests.server.support.player import Player
from tests.server.support.raw import CLOSE, TEXT, RawSocket, frame
from tests.server.support.serving import Serving, serving
from tests.support.listening import eventually

PREVIEW = "data:image/webp;base64," + "A" * 8_000
MORE_THAN_A_STALLED_SOCKET_TAKES = 60
DRAIN = 4001


@pytest.fixture
async def going(scene: Scene) -> AsyncIterator[Serving]:
    """The server that goes."""
    async with serving(scene.hub, scene.counters, Limits()) as going:
        yield going


@pytest.fixture
async def staying(scene: Scene) -> AsyncIterator[Serving]:
    """The one that clients come to afterwards."""
    async with serving(scene.hub, scene.counters, Limits()) as staying:
        yield staying


async def fill(player: Player, job_id: JobId) -> None:
    """Have more told of a job than a socket takes of which nothing is read."""
    for step in range(MORE_THAN_A_STALLED_SOCKET_TAKES):
        await player.advance(job_id, step / 1_000, preview=PREVIEW)


@asynccontextmanager
async def stalled(scene: Scene, going: Serving, player: Player, job_id: JobId) -> AsyncIterator[RawSocket]:
    """A client that reads nothing, and to which a goodbye is said that it does not read either."""
    witness = await scene.watching(job_id)
    opening = asyncio.to_thread(RawSocket, going.port, f"/ws?job={job_id}", receive_buffer=4_096)
    with await opening as socket:
        await fill(player, job_id)
        await witness.until((await player.job(job_id)).version)
        await going.drain.run(0)
        assert not going.deserted
        yield socket


def read_to_the_close(socket: RawSocket) -> tuple[list[dict[str, Any]], int]:
    messages: list[dict[str, Any]] = []
    while True:
        opcode, payload = socket.frame()
        if opcode == CLOSE:
            return messages, int.from_bytes(payload[:2], "big")
        messages.append(json.loads(payload))


async def test_who_subscribes_to_a_server_that_goes_is_answered_by_the_next(
    scene: Scene, going: Serving, staying: Serving, own_player: Player
) -> None:
    job_id = await own_player.running()
    subscribing = scene.line.stop(scene.channel(job_id))
    async with client(going.url) as socket:
        await socket.say(type="subscribe", jobs={job_id: 0})
        await subscribing.reached()
        await going.drain.run(0)
        done = await own_player.succeed(job_id)
        subscribing.open()
        assert (await socket.closed())[0] == DRAIN
        assert [message["type"] for message in socket.heard] == ["hello", "goodbye"]
    async with client(staying.url) as socket:
        (told,) = [message for message in await socket.subscribe(job_id) if message["type"] == "job"]
        assert told["job"]["version"] == done.version


async def test_an_end_between_the_goodbye_and_the_close_is_told_by_the_next_server_once(
    scene: Scene, going: Serving, staying: Serving, own_player: Player
) -> None:
    job_id = await own_player.running()
    async with stalled(scene, going, own_player, job_id) as socket:
        witness = await scene.watching(job_id)
        done = await own_player.succeed(job_id)
        await witness.until(done.version)
        messages, code = await asyncio.to_thread(read_to_the_close, socket)
        assert code == DRAIN
        assert messages[-1]["type"] == "goodbye"
        versions = [message["job"]["version"] for message in messages if message["type"] == "job"]
        assert versions == sorted(set(versions))
        assert done.version not in versions
    async with client(staying.url) as next_one:
        told = [message for message in await next_one.subscribe(job_id, seen=versions[-1]) if message["type"] == "job"]
        assert [message["job"]["version"] for message in told] == [done.version]


async def test_after_the_goodbye_nothing_that_is_asked_is_begun(
    scene: Scene, going: Serving, own_player: Player
) -> None:
    job_id, other = await own_player.running(), await own_player.running()
    async with stalled(scene, going, own_player, job_id) as socket:
        (wire,) = going.state.connections
        assert isinstance(wire, WireProtocol)
        heard = wire.heard
        socket.send(frame(TEXT, json.dumps({"type": "subscribe", "jobs": {other: 0}}).encode()))

        async def is_heard() -> bool:
            return wire.heard > heard

        await eventually(is_heard)
        await scene.watching(other)
        messages, code = await asyncio.to_thread(read_to_the_close, socket)
        assert (messages[-1]["type"], code) == ("goodbye", DRAIN)
        assert other not in json.dumps(messages)
