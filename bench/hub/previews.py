"""Large events, and a server that stands still for a moment in the middle of them."""

import time
from dataclasses import dataclass

from bench.hub.load import Clients, Publishing
from bench.hub.plan import Plan
from bench.hub.server import started
from bench.hub.setup import Setup
from bench.hub.targets.limner import Limner
from bench.processes import NotMeasured

BEFORE = 2
"""Previews come for so many times the pause before it."""
FINAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Paused:
    cut: int
    """Connections that the server closed."""
    finals: float
    """Seconds from the end of the pause until every client had its job's final state; FINAL_SECONDS if one was cut."""
    merged: int
    """Previews whose place a newer state took."""


def measure(setup: Setup, target: Limner, plan: Plan) -> Paused:
    """Previews at a rate; the server is frozen; all jobs end while it is; it goes on. Raises NotMeasured."""
    clients, rate = plan.preview_clients, plan.preview_rate
    version = setup.write_jobs(clients) + 1
    before = BEFORE * plan.pause
    rounds = max(1, round((before + plan.pause) * rate / clients))
    final = version + rounds
    with started(setup, target, clients) as server, Clients(setup, target.dialect, server.place, clients) as crowd:
        crowd.target(final)
        preview = target.publication(setup.model.news_of(plan.preview_bytes), server.place)
        end = target.final(setup.model.end(), server.place)
        previews = Publishing(setup, preview, jobs=clients, version=version, rounds=rounds, rate=rate)
        try:
            time.sleep(before)
            server.stop()
            previews.result()
        finally:
            previews.end()
        Publishing(setup, end, jobs=clients, version=final, rounds=1).result()
        resumed = time.monotonic_ns()
        server.resume()
        heard = crowd.reach(FINAL_SECONDS, FINAL_SECONDS)
        cut, lost = clients - heard["open"], clients - heard["reached"]
        if lost > cut:
            raise NotMeasured(f"{lost} final states did not arrive, and {cut} connections were cut.")
        finals = FINAL_SECONDS if lost else (heard["reached_at"] - resumed) / 1e9
        return Paused(cut, finals, heard["skipped"])
