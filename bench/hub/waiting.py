"""Nothing happens: what clients cost that wait on a WebSocket, and what those cost that ask every three seconds."""

import time

from bench.hub.load import Clients, request
from bench.hub.server import started
from bench.hub.setup import Setup
from bench.hub.target import Target

POLL_SECONDS = 3.0


def sockets(setup: Setup, target: Target, clients: int, seconds: float) -> float:
    """CPU of the server, ms in a second, while all are connected and none hears anything but pings."""
    setup.write_jobs(clients)
    with started(setup, target, clients) as server, Clients(setup, target.dialect, server.place, clients):
        time.sleep(setup.settle_seconds)
        before, begun = server.cpu(), time.monotonic()
        time.sleep(seconds)
        return (server.cpu() - before).total / (time.monotonic() - begun) * 1000


def polls(setup: Setup, target: Target, clients: int, seconds: float) -> float:
    """The same with clients that ask on connections that stay open and are told that nothing is new: 304."""
    version = setup.write_jobs(clients)
    with started(setup, target, clients) as server:
        header = f'If-None-Match: "{version}"\\r\\n'
        before, begun = server.cpu(), time.monotonic()
        request(
            setup,
            server.place,
            "/jobs/{id}",
            jobs=clients,
            connections=clients,
            every=POLL_SECONDS,
            seconds=round(seconds),
            status=304,
            header=header,
        )
        return (server.cpu() - before).total / (time.monotonic() - begun) * 1000
