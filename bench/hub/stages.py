"""Where the time of a delivery goes: the server's own pieces, one more at a time, with the same events."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from bench.figures import Row, alone, row
from bench.hub.beside import LIMNER, Say
from bench.hub.deliveries import PHASE_SECONDS, WARM_ROUNDS, Flow
from bench.hub.findings import Findings
from bench.hub.jobs import PREFIX
from bench.hub.load import Clients, Publishing
from bench.hub.pieces import EVENTS, HUB
from bench.hub.plan import Plan
from bench.hub.server import Server, started
from bench.hub.setup import Setup
from bench.hub.target import Command, Place, Target
from bench.hub.targets.limner import publication
from bench.hub.targets.relay import Relay
from bench.processes import NotMeasured
from bench.rounds import alternate
from server.up.python import command

NAME = "of a delivery"
"""Begins the name of every row."""


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU for one event, in µs."""

    user: float
    system: float


@dataclass(frozen=True, slots=True)
class Piece:
    """One of bench/hub/pieces.py, that follows as many jobs as its place has clients."""

    name: str

    def command(self, place: Place) -> Command:
        redis = f"redis://127.0.0.1:{place.redis_port}/0"
        words = command("bench.hub.pieces", self.name, str(place.port), str(place.clients))
        return Command(words, {"LIMNER_REDIS_URL": redis, "LIMNER_REDIS_PREFIX": PREFIX})


def take_apart(setup: Setup, plan: Plan, say: Say) -> Findings:
    """User and system time of each piece, and of all of it beside the relay."""
    findings = Findings()
    targets: tuple[Target, ...] = (LIMNER, Relay(setup.programs.relay))
    for channels in plan.clients:

        def piece(name: str, channels: int = channels) -> Spent:
            say(f"stages, {channels:,} channels: {name}")
            return measure_piece(setup, Piece(name), channels, plan.stage_burst)

        def whole(target: Target, channels: int = channels) -> Spent:
            say(f"stages, {channels:,} channels: {target.name}")
            return measure_whole(setup, target, channels, plan.stage_burst)

        tasks = {name: partial(piece, name) for name in (EVENTS, HUB)}
        taken = alternate(plan.few_rounds, tasks | {one.name: partial(whole, one) for one in targets}, _raise)
        findings.rows += stage_rows(channels, taken)
    return findings


def stage_rows(channels: int, taken: Mapping[str, Sequence[Spent]]) -> list[Row]:
    """What each piece costs beyond the one before it, within each round."""

    def figures(name: str, kind: str) -> list[float]:
        return [float(getattr(one, kind)) for one in taken[name]]

    def named(words: str, kind: str) -> str:
        return f"{NAME}: {words}, {kind}, {channels:,} channels"

    rows = []
    steps = (
        (None, EVENTS, "read and parse"),
        (EVENTS, HUB, "find and decide"),
        (HUB, LIMNER.name, "the frame into the socket"),
    )
    for before, name, words in steps:
        for kind in ("user", "system"):
            less = figures(before, kind) if before is not None else [0.0] * len(taken[name])
            more = [one - other for one, other in zip(figures(name, kind), less, strict=True)]
            rows.append(alone(named(words, kind), "µs", more))
    for kind in ("user", "system"):
        own, least = figures(LIMNER.name, kind), figures(Relay.name, kind)
        rows.append(row(named("all of it", kind), "µs", own, Relay.name, least))
    return rows


def measure_piece(setup: Setup, piece: Piece, channels: int, burst: int) -> Spent:
    """Raises NotMeasured unless every event came, once."""
    version = setup.write_jobs(channels) + 1
    with started(setup, piece, channels) as server:
        news = publication(setup.model.news(), server.place, PREFIX)
        rounds = max(1, round(burst / channels))
        heard = 0
        for count in (WARM_ROUNDS, rounds):
            before = server.cpu()
            Publishing(setup, news, jobs=channels, version=version, rounds=count).result()
            version += count
            heard += channels * count
            wait_for(server, heard)
        spent, events = server.cpu() - before, channels * rounds
    return Spent(spent.user / events * 1e6, spent.system / events * 1e6)


def measure_whole(setup: Setup, target: Target, clients: int, burst: int) -> Spent:
    """The same of a server with WebSockets."""
    version = setup.write_jobs(clients) + 1
    with started(setup, target, clients) as server, Clients(setup, target.dialect, server.place, clients) as crowd:
        flow = Flow(setup, target, server, crowd, version)
        flow.run(WARM_ROUNDS)
        phase = flow.run(max(1, round(burst / clients)))
    return Spent(phase.user, phase.system)


def wait_for(server: Server, events: int) -> None:
    """Until a piece has heard so many in all. Raises NotMeasured if they are fewer for long, or more."""
    try:
        with socket.create_connection(("127.0.0.1", server.place.port), timeout=PHASE_SECONDS) as line:
            line.sendall(b"%d\n" % events)
            with line.makefile("rb") as answers:
                heard = int(answers.readline() or 0)
    except OSError as error:
        raise NotMeasured(f"{events} events were published, and not all came: {error}") from None
    if heard != events:
        raise NotMeasured(f"{events} events were published, and {heard} came.")


def _raise(_: object, error: NotMeasured) -> NoReturn:
    raise error
