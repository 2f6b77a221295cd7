"""Clients that read slowly, and clients that read no more."""

import asyncio
import itertools
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from storage.records.ids import JobId
from storage.tasks import end
from tests.server.support.client import Message, client
from tests.server.support.player import Player
from tests.server.support.raw import RawSocket
from tests.server.support.slow import SlowReader, memory_of, unacknowledged
from tests.support.limner import ROOT, Server

PREVIEW = "data:image/webp;base64," + "A" * 8_000
KIBIBYTE = 1_024
MEBIBYTE = 1_024 * KIBIBYTE

READS_EVERYTHING = """
import sys
from tests.server.support.raw import RawSocket
with RawSocket(int(sys.argv[1]), sys.argv[2]) as client:
    while True:
        if b'"subscribed"' in client.frame()[1]:
            print("subscribed", flush=True)
"""


async def go_on(player: Player, *jobs: JobId, pace: float) -> None:
    """Previews of all jobs, again and again, until cancelled."""
    for step in itertools.count():
        await asyncio.gather(*(player.advance(job_id, step / 10_000, preview=PREVIEW) for job_id in jobs))
        await asyncio.sleep(pace)


@asynccontextmanager
async def going_on(player: Player, *jobs: JobId, pace: float = 0.01) -> AsyncIterator[None]:
    task = asyncio.create_task(go_on(player, *jobs, pace=pace))
    try:
        yield
    finally:
        await end(task)


def is_state(version: int, message: Message) -> bool:
    return bool(message["type"] == "job" and message["job"]["version"] == version)


async def until_there_are(connections: int, server: Server) -> None:
    async with asyncio.timeout(20):
        while len(unacknowledged(server.port)) > connections:  # noqa: ASYNC110 - nothing says when that changes
            await asyncio.sleep(0.05)


async def test_who_never_reads_is_cut_off_and_nobody_else_is(start: Callable[..., Server], own_player: Player) -> None:
    server = start(slow_seconds=0.5)
    job_id = await own_player.running()
    async with client(server.ws_url, job_id) as other:
        with RawSocket(server.port, f"/ws?job={job_id}", receive_buffer=4_096):
            reading = asyncio.create_task(other.until_status(job_id, "succeeded"))
            async with going_on(own_player, job_id):
                await until_there_are(1, server)
            done = await own_player.succeed(job_id)
            assert (await reading)["version"] == done.version


async def test_a_client_whose_process_is_frozen_is_cut_off(start: Callable[..., Server], own_player: Player) -> None:
    server = start(slow_seconds=0.5)
    job_id = await own_player.running()
    command = [sys.executable, "-c", READS_EVERYTHING, str(server.port), f"/ws?job={job_id}"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"subscribed\n"
        process.send_signal(signal.SIGSTOP)
        async with going_on(own_player, job_id):
            await until_there_are(0, server)
    finally:
        process.kill()
        await process.wait()


async def watch_slowly(server: Server, player: Player, jobs: int, rate: int, *, seconds: float) -> None:
    """Be behind a slow line while jobs go on, and see the end of one of them."""
    watched = [await player.running() for _ in range(jobs)]
    path = "/ws?" + "&".join(f"job={job_id}" for job_id in watched)
    async with SlowReader(server.port, path, rate) as phone:
        async with going_on(player, *watched, pace=0.2 if jobs > 1 else 0.05):
            await phone.until(int(seconds * rate))
        await player.succeed(watched[-1])
        await phone.until(b'"status":"succeeded"')
        assert not phone.ended


async def test_slow_phones_are_not_cut_off_and_see_the_end(start: Callable[..., Server], own_player: Player) -> None:
    server = start(slow_seconds=1, silence_seconds=3, ping_seconds=1)
    await asyncio.gather(
        watch_slowly(server, own_player, 64, 40 * KIBIBYTE, seconds=5),
        watch_slowly(server, own_player, 1, 20 * KIBIBYTE, seconds=5),
    )


async def test_who_takes_what_waits_again_and_again_gives_a_sign_of_life(
    start: Callable[..., Server], own_player: Player
) -> None:
    await watch_slowly(start(silence_seconds=2, ping_seconds=1), own_player, 10, 300 * KIBIBYTE, seconds=4)


async def test_what_waits_for_a_client_that_does_not_read_is_bounded_in_the_process_and_in_the_kernel(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start()
    jobs = [await own_player.running() for _ in range(64)]
    path = "/ws?" + "&".join(f"job={job_id}" for job_id in jobs)
    with RawSocket(server.port, path, receive_buffer=4_096):
        async with client(server.ws_url, *jobs) as other:
            await other.until_type("subscribed")
            sizes = []
            for step in range(8):
                for job_id in jobs:
                    await own_player.advance(job_id, step / 10, preview=PREVIEW)
                last = await own_player.advance(jobs[-1], (step + 1) / 10)
                await other.until(partial(is_state, last.version))
                sizes.append(memory_of(server))
            assert sizes[-1] - sizes[1] < 2 * MEBIBYTE
            assert max(unacknowledged(server.port)) < 48 * KIBIBYTE
