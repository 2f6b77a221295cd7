"""The server is killed, and started again on the same port; everybody comes back, as the web client does."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from bench.hub.load import Clients, ComingBack
from bench.hub.server import started
from bench.hub.setup import Setup
from bench.hub.target import Target
from bench.processes import NotMeasured

BACK_SECONDS = 60.0
QUIET_SECONDS = 25.0
"""Longer than a client waits between two attempts."""
CHANGED = 1_000
"""Added to the versions while the server is away, so that everybody has something to be told."""


@dataclass(frozen=True, slots=True)
class CameBack:
    seconds: float
    """From the kill until every client had the state that its job had come to meanwhile."""
    commands: float
    """That Redis was given, for each client."""
    refused: int
    """Answers other than an upgrade; whoever got one came again."""
    unreachable: int
    """Attempts that met a closed port."""


def measure(setup: Setup, target: Target, clients: int, coming_back: ComingBack) -> CameBack:
    """Raises NotMeasured if somebody did not come back."""
    version = setup.write_jobs(clients)
    with (
        started(setup, target, clients) as server,
        Clients(setup, target.dialect, server.place, clients, coming_back=coming_back) as crowd,
    ):
        time.sleep(setup.settle_seconds)
        crowd.reset()
        crowd.target(version + CHANGED)
        killed = time.monotonic_ns()
        server.kill()
        setup.write_jobs(clients, version + CHANGED)
        setup.redis.config_resetstat()
        server.start()
        back = crowd.reach(BACK_SECONDS, QUIET_SECONDS)
        if back["reached"] < clients:
            raise NotMeasured(f"{clients - back['reached']} of {clients} clients did not come back: {back}")
        stats = cast(Mapping[str, Mapping[str, Any]], setup.redis.info("commandstats"))
    commands = sum(int(one["calls"]) for name, one in stats.items() if name != "cmdstat_config|resetstat")
    return CameBack((back["reached_at"] - killed) / 1e9, commands / clients, back["refused"], back["unreachable"])
