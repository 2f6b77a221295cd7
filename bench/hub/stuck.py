"""A crowd that keeps up, and one client among it that follows many jobs with large events and never reads."""

import time
from dataclasses import dataclass

from bench.hub.deliveries import check
from bench.hub.load import Clients, Publishing
from bench.hub.plan import Plan
from bench.hub.server import started
from bench.hub.setup import Setup
from bench.hub.target import Target

FIND_SECONDS = 10.0
"""In which a client that begins to read finds out that it was cut off."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What the crowd saw, in µs."""

    median: float
    p99: float
    worst: float
    """At least as long as the longest turn of the server's loop: at any moment events of others are on their way."""
    cut: bool
    """Whether the one was cut off."""


def measure(setup: Setup, target: Target, plan: Plan, *, never_read: bool) -> Beside:
    """One event a second for each of the crowd, while previews go to the one. Raises NotMeasured."""
    clients = plan.crowd
    version = setup.write_jobs(clients + plan.stuck_jobs) + 1
    rounds = max(1, round(plan.stuck_seconds))
    preview_rounds = max(1, round(plan.stuck_rate * plan.stuck_seconds / plan.stuck_jobs))
    with (
        started(setup, target, clients + 1) as server,
        Clients(setup, target.dialect, server.place, clients) as crowd,
        Clients(
            setup,
            target.dialect,
            server.place,
            1,
            jobs=plan.stuck_jobs,
            first=clients,
            never_read=never_read,
        ) as one,
    ):
        time.sleep(setup.settle_seconds)
        crowd.reset()
        crowd.target(version + rounds - 1)
        previews = Publishing(
            setup,
            target.publication(setup.model.news_of(plan.preview_bytes), server.place),
            jobs=plan.stuck_jobs,
            first=clients,
            version=version,
            rounds=preview_rounds,
            rate=plan.stuck_rate,
        )
        events = Publishing(
            setup,
            target.publication(setup.model.news(), server.place),
            jobs=clients,
            version=version,
            rounds=rounds,
            rate=clients,
        )
        try:
            events.result()
            previews.result()
        finally:
            events.end()
            previews.end()
        heard = crowd.wait(clients * rounds, plan.stuck_seconds)
        check(heard, crowd)
        one.read()
        one.target(version + preview_rounds - 1)
        left = one.reach(FIND_SECONDS)
    latency = heard["latency_us"]
    return Beside(latency["p50"], latency["p99"], latency["most"], left["open"] == 0)
