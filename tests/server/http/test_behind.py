"""What stands behind a held request on the same connection."""

import socket
import struct
from collections.abc import Callable

import httpx

from tests.server.support.figures import until_figure
from tests.server.support.keep_alive import KeptAlive
from tests.server.support.player import Player
from tests.support.limner import Server

HELD = 'limner_connections{transport="wait"}'


def held(job_id: str, tag: str) -> bytes:
    return f"GET /jobs/{job_id} HTTP/1.1\r\nHost: limner\r\nIf-None-Match: {tag}\r\nPrefer: wait=30\r\n\r\n".encode()


async def test_a_request_with_another_one_behind_it_is_not_held(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start()
    job_id = await own_player.running()
    async with httpx.AsyncClient(base_url=server.url, verify=False) as http:
        tag = (await http.get(f"/jobs/{job_id}")).headers["etag"]
    with KeptAlive(server.port) as connection:
        connection.send(held(job_id, tag) + b"GET /health HTTP/1.1\r\nHost: limner\r\n\r\n")
        status, headers, _ = connection.answer()
        assert (status, "preference-applied" in headers) == (304, False)
        assert connection.answer()[0] == 200


async def test_who_goes_in_the_middle_of_the_next_request_is_missed_at_once(
    start: Callable[..., Server], own_player: Player
) -> None:
    server = start()
    job_id = await own_player.running()
    async with httpx.AsyncClient(base_url=server.url, verify=False) as http:
        tag = (await http.get(f"/jobs/{job_id}")).headers["etag"]
        for _ in range(30):
            with socket.create_connection(("127.0.0.1", server.port)) as gone:
                gone.sendall(held(job_id, tag) + b"GET /health HTTP/1.1\r\n")
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with KeptAlive(server.port) as last:
            last.send(held(job_id, tag))
            await until_figure(server.url, HELD, 1)
        await until_figure(server.url, HELD, 0)
