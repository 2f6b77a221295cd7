"""Event streams with clients that come, go, sleep, and read slowly."""

import asyncio
import json
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from starlette.datastructures import Headers

from server.hub.event_stream import HEADERS, Block, block
from server.hub.messages import error, goodbye, hello, subscribed, unknown
from storage.records.encoding import json_of
from storage.records.ids import JobId
from tests.server.support.figures import until_figure
from tests.server.support.player import Player
from tests.server.support.records import A, B, event
from tests.support.limner import Server

OPEN = 'limner_connections{transport="events"}'
DEADLINE_SECONDS = 20.0
PREVIEW = "data:image/webp;base64," + "A" * 8_000


class RawStream:
    """A stream by hand: what the kernel holds of it is little, and it is read when the test says so."""

    def __init__(self, port: int, *job_ids: str) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(DEADLINE_SECONDS)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.connect(("127.0.0.1", port))
        query = "&".join(f"job={job_id}" for job_id in job_ids)
        self._socket.sendall(f"GET /events?{query} HTTP/1.1\r\nHost: limner\r\n\r\n".encode())
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def until(self, words: bytes) -> None:
        """Read up to these words."""
        self._rest = self.until_all(words).split(words, 1)[1]

    def until_all(self, *words: bytes) -> bytes:
        """Read until all of these have come. Answers what was read, and is still to be read by others."""
        while not all(word in self._rest for word in words):
            chunk = self._socket.recv(65_536)
            assert chunk, "the stream ended"
            self._rest += chunk
        return self._rest

    def ends_by_a_reset(self) -> bool:
        try:
            while self._socket.recv(65_536):
                pass
        except ConnectionResetError:
            return True
        return False


def test_a_message_becomes_an_event_of_its_type_with_the_rest_as_data() -> None:
    # So long that the frame's header, which says how long it is, looks like the beginning of an object: {".
    treacherous = "x" * (0x7B22 - len('{"type":"error","code":"c","message":""}'))
    for message, name, data in (
        (unknown(A, expired=True), "unknown", {"job": A, "expired": True}),
        (goodbye(1), "goodbye", {"retry_after_ms": 1000}),
        (hello(25, 5, 256), "hello", {"ping_interval_ms": 25_000, "retry_window_ms": 5000, "max_jobs": 256}),
        (subscribed([A, B]), "subscribed", {"jobs": [A, B]}),
        (error("c", treacherous), "error", {"code": "c", "message": treacherous}),
    ):
        first, second, *rest = block(message).decode().split("\n")
        assert (first, json.loads(second.removeprefix("data: ")), rest) == (f"event: {name}", data, ["", ""])


def test_a_state_becomes_an_event_with_the_record_as_it_is() -> None:
    record = event(A, 5)
    assert Block(record).frame == b"event: job\ndata: " + json_of(record.record) + b"\n\n"
    assert (Block(record).version, Block(record).final) == (record.version, record.final)


def test_a_stream_is_the_last_answer_on_its_connection() -> None:
    assert Headers(HEADERS)["connection"] == "close"


async def test_a_client_that_goes_is_missed_at_once(start: Callable[..., Server], own_player: Player) -> None:
    server = start(slow_seconds=300)
    with RawStream(server.port, await own_player.running()) as stream:
        await asyncio.to_thread(stream.until, b"event: subscribed")
        await until_figure(server.url, OPEN, 1)
    await until_figure(server.url, OPEN, 0)
    await until_figure(server.url, "limner_subscriptions", 0)


async def test_something_comes_on_a_stream_where_nothing_happens(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start(ping_seconds=0.1)
    with RawStream(server.port, await own_player.running()) as stream:
        await asyncio.to_thread(stream.until, b"event: subscribed")
        for _ in range(3):
            await asyncio.to_thread(stream.until, b"\r\n:\n\n\r\n")


async def test_who_never_reads_is_cut_off_and_the_others_do_not_notice(
    start: Callable[..., Server], own_player: Player
) -> None:
    server, player = start(slow_seconds=0.5), own_player
    job_ids = [await player.running() for _ in range(20)]
    with RawStream(server.port, *job_ids) as deaf, RawStream(server.port, *job_ids) as reader:
        await asyncio.to_thread(reader.until, b"event: subscribed")
        await until_figure(server.url, OPEN, 2)
        reading = asyncio.create_task(asyncio.to_thread(reader.until, b'"status":"succeeded"'))
        await swamp(player, job_ids)
        await until_figure(server.url, "limner_slow_clients_total", 1)
        await until_figure(server.url, OPEN, 1)
        await player.succeed(job_ids[0])
        await reading
        assert await asyncio.to_thread(deaf.ends_by_a_reset)


async def test_who_reads_late_gets_finals_first_and_of_each_job_only_the_newest(
    start: Callable[..., Server], own_player: Player
) -> None:
    server, player = start(), own_player
    *job_ids, last = [await player.running() for _ in range(20)]
    with RawStream(server.port, *job_ids, last) as stream:
        await asyncio.to_thread(stream.until, b"event: subscribed")
        await swamp(player, [*job_ids, last])
        newest = [(await player.advance(job_id, 0.99)).version for job_id in job_ids]
        final = (await player.succeed(last)).version
        marks = [f'data: {{"version":{version},'.encode() for version in (final, *newest)]
        read = await asyncio.to_thread(stream.until_all, *marks)
    before, after = read.split(marks[0])
    assert before.count(b"event: job") < 100, "of 400 that there were"
    assert after.count(b"event: job") == len(job_ids)


async def test_a_stream_whose_server_stops_says_goodbye_and_ends_whole(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start()
    with RawStream(server.port, await own_player.running()) as stream:
        await asyncio.to_thread(stream.until, b"event: subscribed")
        await asyncio.to_thread(server.terminate)
        stream.until(b'event: goodbye\ndata: {"retry_after_ms":1000}\n\n')
        stream.until(b"0\r\n\r\n")


async def swamp(player: Player, job_ids: list[JobId]) -> None:
    """More than a kernel would hold."""
    for step in range(1, 20):
        for job_id in job_ids:
            await player.advance(job_id, step / 20, preview=PREVIEW + str(step))
