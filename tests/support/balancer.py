"""A TCP balancer without a health check: each new connection goes to the next server that takes it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence


class Balancer:
    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._next = itertools.count()
        self.port = 0

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with contextlib.closing(to_client):
            for _ in self._ports:
                try:
                    port = self._ports[next(self._next) % len(self._ports)]
                    from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    continue
                # Cancelled is who is still connected when the test is over.
                with contextlib.closing(to_server), contextlib.suppress(asyncio.CancelledError):
                    await asyncio.gather(_pass(from_client, to_server), _pass(from_server, to_client))
                return


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextlib.asynccontextmanager
async def balancer(*ports: int) -> AsyncIterator[Balancer]:
    between = Balancer(ports)
    async with await asyncio.start_server(between.serve, "127.0.0.1", 0, backlog=512) as server:
        between.port = server.sockets[0].getsockname()[1]
        yield between
