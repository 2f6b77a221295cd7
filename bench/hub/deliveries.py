"""Many clients, each following a job of its own: what one costs to connect, to keep, and to deliver to."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.hub.load import Clients, Figures, Publishing
from bench.hub.server import Server, started
from bench.hub.setup import Setup
from bench.hub.target import Target
from bench.processes import NotMeasured

PHASE_SECONDS = 60.0
WARM_ROUNDS = 2
UNFOLLOWED = 0.25
"""Events that nobody follows, for one of the burst. Some servers take them slowly."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of it: seconds of events at a rate, and events of the burst."""

    seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """Of one target in one round. Microseconds, where it is no other unit."""

    memory_kib: float
    connect: float
    """CPU for one client: handshake, subscription, and the snapshot where there is one."""
    median: float
    p99: float
    worst: float
    behind_ms: float
    """How far the publisher was behind its rate at most; what it takes itself is not in the latency."""
    cpu: float
    """Of the server for one delivery of the burst."""
    user: float
    """The part of it that is not the kernel's."""
    publication: float
    """Of the server for taking an event that nobody follows; 0 where events come to it through Redis."""
    rate: float
    """Deliveries a second in the burst."""
    merged: int
    """Events whose place a newer one of the same job took. With clients that keep up there are none."""


def measure(setup: Setup, target: Target, clients: int, rate: float, amount: Amount) -> Delivered:
    """Start `target`, connect, deliver at `rate` events a second and then as fast as it goes.

    Raises NotMeasured if anything was lost, repeated, late or misrouted, or a connection closed.
    """
    version = setup.write_jobs(clients) + 1
    with started(setup, target, clients) as server:
        held, spent = server.memory(), server.cpu()
        with Clients(setup, target.dialect, server.place, clients) as crowd:
            time.sleep(setup.settle_seconds)
            memory_kib = (server.memory() - held) / clients / 1024
            connect = (server.cpu() - spent).total / clients * 1e6
            flow = Flow(setup, target, server, crowd, version)
            flow.run(WARM_ROUNDS)
            easy = flow.run(_rounds(rate * amount.seconds, clients), rate)
            burst = flow.run(_rounds(amount.burst, clients))
            publication = flow.publication_cost(_rounds(amount.burst * UNFOLLOWED, clients))
    latency = easy.heard["latency_us"]
    return Delivered(
        memory_kib=memory_kib,
        connect=connect,
        median=latency["p50"],
        p99=latency["p99"],
        worst=latency["most"],
        behind_ms=easy.published["behind_ms"],
        cpu=burst.cpu,
        user=burst.user,
        publication=publication,
        rate=burst.rate,
        merged=easy.merged + burst.merged,
    )


@dataclass(frozen=True, slots=True)
class AtLoad:
    """Latency at one rate, in µs."""

    median: float
    p99: float
    kept: float
    """Of the rate. Where it is well below 1 the server made the publisher wait, and events waited there unmeasured."""


def by_load(setup: Setup, target: Target, clients: int, rates: Sequence[float], seconds: float) -> dict[float, AtLoad]:
    """The latency at each of these rates, in events a second, for so many seconds each. Raises as `measure`."""
    version = setup.write_jobs(clients) + 1
    with started(setup, target, clients) as server, Clients(setup, target.dialect, server.place, clients) as crowd:
        time.sleep(setup.settle_seconds)
        flow = Flow(setup, target, server, crowd, version)
        flow.run(WARM_ROUNDS)
        phases = {rate: flow.run(_rounds(rate * seconds, clients), rate) for rate in rates}
    return {rate: _at_load(rate, phase) for rate, phase in phases.items()}


def _at_load(rate: float, phase: "Phase") -> AtLoad:
    published, latency = phase.published, phase.heard["latency_us"]
    return AtLoad(latency["p50"], latency["p99"], published["published"] / published["seconds"] / rate)


@dataclass(frozen=True, slots=True)
class Phase:
    published: Figures
    heard: Figures
    cpu: float
    user: float
    system: float

    @property
    def merged(self) -> int:
        return int(self.heard["skipped"])

    @property
    def rate(self) -> float:
        return float(self.heard["delivered"] / (self.heard["last_receipt"] - self.heard["first_time"]) * 1e9)


class Flow:
    """Phases of events to one crowd, with versions that go on rising. Every phase is checked to the last event."""

    def __init__(self, setup: Setup, target: Target, server: Server, crowd: Clients, version: int) -> None:
        self._setup = setup
        self._publication = target.publication(setup.model.news(), server.place)
        self._server = server
        self._crowd = crowd
        self._version = version

    def run(self, rounds: int, rate: float = 0) -> Phase:
        """Each job's event `rounds` times. Raises NotMeasured unless each arrived or gave way to a newer one."""
        crowd = self._crowd
        crowd.reset()
        crowd.target(self._version + rounds - 1)
        before = self._server.cpu()
        publishing = Publishing(
            self._setup, self._publication, jobs=crowd.jobs, version=self._version, rounds=rounds, rate=rate
        )
        published = publishing.result()
        heard = crowd.wait(crowd.jobs * rounds, PHASE_SECONDS)
        spent = self._server.cpu() - before
        self._version += rounds
        check(heard, crowd)
        deliveries = heard["delivered"]
        cpu, user, system = (one / deliveries * 1e6 for one in (spent.total, spent.user, spent.system))
        return Phase(published, heard, cpu, user, system)

    def publication_cost(self, rounds: int) -> float:
        """The server's CPU, in µs, for an event that nobody follows; 0 if it is not the server that takes it."""
        if self._publication.port != self._server.place.port:
            return 0.0
        jobs = self._crowd.jobs
        for count in (1, rounds):  # the first time they are new to the server
            before = self._server.cpu()
            Publishing(
                self._setup, self._publication, jobs=jobs, first=jobs, version=self._version, rounds=count
            ).result()
            self._version += count
        return (self._server.cpu() - before).total / (jobs * rounds) * 1e6


def check(heard: Figures, crowd: Clients) -> None:
    """Raises NotMeasured if a job's newest event is missing, or anything came that must not."""
    faults = {name: heard[name] for name in ("misrouted", "repeated", "late") if heard[name]}
    if heard["reached"] < crowd.jobs:
        faults["lost"] = crowd.jobs - heard["reached"]
    if heard["open"] < crowd.count:
        faults["closed"] = heard["closes"]
    if faults:
        raise NotMeasured(f"What arrived is not what was published: {faults}")


def _rounds(events: float, clients: int) -> int:
    return max(1, round(events / clients))
