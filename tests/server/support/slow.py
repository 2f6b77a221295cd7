"""Clients that take little, or nothing, of what is sent to them; and what the kernel holds for them meanwhile."""

import asyncio
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.server.support.raw import HANDSHAKE
from tests.support.limner import Server

PORTION_SECONDS = 0.05
RECEIVE_BUFFER = 4_096
"""A small one: of a large one the kernel tells only now and then that there is room in it again."""
TIME_WAIT, LISTENING = "06", "0A"


def deaf_socket(port: int, path: str, receive_buffer: int = RECEIVE_BUFFER) -> socket.socket:
    """A WebSocket of which nothing is read, not even what the handshake was answered with."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    deaf.connect(("127.0.0.1", port))
    deaf.sendall(HANDSHAKE % path.encode())
    deaf.setblocking(False)
    return deaf


class SlowReader:
    """A socket of which `rate` bytes a second are read, as steadily as behind a slow line. It answers nothing.

    `read` is what came; `ended` says that the server has ended the connection.
    """

    def __init__(self, port: int, path: str, rate: int) -> None:
        self._portion = int(rate * PORTION_SECONDS)
        self._socket = deaf_socket(port, path, max(RECEIVE_BUFFER, 2 * self._portion))
        self.read = bytearray()
        self.ended = False
        self._task = asyncio.create_task(self._run())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()

    async def until(self, wanted: bytes | int) -> None:
        """Return when this was read, or so many bytes, or the connection has ended."""
        while not self.ended:
            if wanted in self.read if isinstance(wanted, bytes) else len(self.read) >= wanted:
                return
            await asyncio.sleep(PORTION_SECONDS)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while chunk := await loop.sock_recv(self._socket, self._portion):
                self.read += chunk
                await asyncio.sleep(PORTION_SECONDS)
        except ConnectionError:
            pass
        self.ended = True


def memory_of(server: Server) -> int:
    """Bytes of a process that are in memory."""
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * 4_096


def unacknowledged(port: int) -> list[int]:
    """Of each connection that the kernel holds for a local port, the bytes that its peer has not acknowledged.

    Also of those that the process has closed already.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [
        int(queues.split(":")[0], 16)
        for _, local, _, state, queues, *_ in rows
        if state not in (TIME_WAIT, LISTENING) and int(local.split(":")[1], 16) == port
    ]
