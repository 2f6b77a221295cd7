"""What is asked of the kernel, on real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from server.hub import tcp
from server.hub.tcp import UNSENT_BYTES

DEADLINE_SECONDS = 20.0


class Pair:
    """Two ends of one connection: a transport of ours, and a peer that reads when the test does."""

    def __init__(self, transport: asyncio.Transport, peer: socket.socket) -> None:
        self.transport = transport
        self.peer = peer

    def option(self, name: int) -> int:
        raw: socket.socket = self.transport.get_extra_info("socket")
        return raw.getsockopt(socket.IPPROTO_TCP, name)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    made: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()

    class Taker(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            made.set_result(transport)

    server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", 0)
    with socket.socket() as peer:
        peer.settimeout(DEADLINE_SECONDS)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        peer.connect(server.sockets[0].getsockname())
        transport = await made
        yield Pair(transport, peer)
        transport.abort()
    server.close()
    await server.wait_closed()


async def test_the_kernel_is_told_to_hold_little_and_when_to_miss_a_peer(pair: Pair) -> None:
    tcp.hold_little(pair.transport)
    tcp.miss_after(pair.transport, 1.5)
    assert pair.option(socket.TCP_NOTSENT_LOWAT) == UNSENT_BYTES
    assert pair.option(socket.TCP_USER_TIMEOUT) == 1_500
    assert pair.transport.get_write_buffer_limits() == (0, 0)


async def test_what_is_left_is_what_the_peer_has_not_acknowledged(pair: Pair) -> None:
    tcp.hold_little(pair.transport)
    pair.transport.write(b"x" * 1_000_000)
    before = tcp.left(pair.transport)
    assert before > pair.transport.get_write_buffer_size() > 0
    assert await asyncio.to_thread(pair.peer.recv, 100_000, socket.MSG_WAITALL)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while tcp.left(pair.transport) >= before:  # noqa: ASYNC110 - nothing says when the kernel was told
            await asyncio.sleep(0.01)


async def test_who_is_dropped_reads_no_more_of_what_waited(pair: Pair) -> None:
    pair.transport.write(b"x" * 1_000_000)
    tcp.drop(pair.transport)

    def read() -> None:
        while pair.peer.recv(100_000):
            pass

    with pytest.raises(ConnectionResetError):
        await asyncio.to_thread(read)


async def test_of_a_connection_that_is_gone_nothing_is_left(pair: Pair) -> None:
    pair.transport.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert tcp.left(pair.transport) == 0


async def test_who_is_gone_already_can_still_be_dropped(pair: Pair) -> None:
    raw = pair.transport.get_extra_info("socket")  # as it is asked for, uvloop remembers it
    pair.transport.abort()
    while raw.fileno() >= 0:  # noqa: ASYNC110 - the transport says it to its protocol only
        await asyncio.sleep(0)
    tcp.drop(pair.transport)


async def test_of_a_transport_without_a_socket_its_own_buffer_is_left() -> None:
    class Gone(asyncio.WriteTransport):
        def get_write_buffer_size(self) -> int:
            return 5

    assert tcp.left(Gone()) == 5
