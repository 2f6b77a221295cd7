"""Limner beside the relay and the peers: deliveries by number of clients, and latency by load."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from bench.figures import Row, alone, row, spread
from bench.hub import deliveries
from bench.hub.findings import Chart, Findings, Point
from bench.hub.plan import Plan
from bench.hub.setup import Setup
from bench.hub.target import Target
from bench.hub.targets import PEERS
from bench.hub.targets.limner import Limner
from bench.hub.targets.relay import Relay
from bench.processes import NotMeasured
from bench.rounds import alternate

Say = Callable[[str], None]
T = TypeVar("T")

LIMNER = Limner()
MANY = 5_000
"""Clients, from which on the kernel's share of a delivery is greater, and less of ours is wanted."""

WANTED_OF_PEERS = {
    ("cpu", "Nchan"): "≤ 0.6 ×",
    ("cpu", "Socket.IO"): "≤ 0.6 ×",
    ("connect", "Socket.IO"): "≤ 1 ×",
}
"""By figure and the first word of a peer's name."""
KEPT = 0.95
"""Of a rate. A server that takes less by the hand of a publisher that waits for it has no latency at that rate."""


def deliver(setup: Setup, plan: Plan, say: Say) -> Findings:
    """Cost of a delivery, of a connection and of connecting, and the latency at one event a second for each client."""
    targets = _installed(setup, plan, say)
    amount = deliveries.Amount(plan.seconds, plan.burst)
    findings = Findings()
    for clients in plan.clients:

        def measured(target: Target, clients: int = clients) -> deliveries.Delivered:
            say(f"deliveries, {clients:,} clients: {target.name}")
            return deliveries.measure(setup, target, clients, clients, amount)

        taken = _in_turn(plan.rounds, targets, measured, say)
        findings.add(delivery_findings(clients, taken))
    return findings


def load(setup: Setup, plan: Plan, say: Say) -> Findings:
    """Latency by load."""
    clients = plan.load_clients

    def measured(target: Target) -> dict[float, deliveries.AtLoad]:
        say(f"latency by load, {clients:,} clients: {target.name}")
        return deliveries.by_load(setup, target, clients, plan.rates, plan.rate_seconds)

    return load_findings(plan, _in_turn(plan.rounds, _installed(setup, plan, say), measured, say), say)


def load_findings(plan: Plan, taken: Mapping[str, Sequence[Mapping[float, deliveries.AtLoad]]], say: Say) -> Findings:
    """Rows and points of what was taken of each target, round by round."""
    findings = Findings()
    for rate in plan.rates:
        kept = {name: rounds for name, rounds in taken.items() if min(one[rate].kept for one in rounds) >= KEPT}
        for name in taken.keys() - kept.keys():
            say(f"{name} is left out at {rate:,.0f}/s: so many could not be published to it.")
        medians = {name: [one[rate].median for one in rounds] for name, rounds in kept.items()}
        findings.points += [Point(Chart.LATENCY, name, rate, spread(figures)) for name, figures in medians.items()]
        for figure, words in (("median", "p50"), ("p99", "p99")):
            figures = {name: [getattr(one[rate], figure) for one in rounds] for name, rounds in kept.items()}
            findings.rows += [
                row(_latency(words, plan.load_clients, rate), "µs", figures[LIMNER.name], other, figures[other])
                for other in figures
                if LIMNER.name in figures and other != LIMNER.name
            ]
    return findings


def delivery_findings(clients: int, taken: Mapping[str, Sequence[deliveries.Delivered]]) -> Findings:
    """Rows and points of what was taken of each target, round by round."""

    def figures(target: str, name: str) -> list[float]:
        return [float(getattr(one, name)) for one in taken[target]]

    own, crowd, many = LIMNER.name, f"{clients:,} clients", clients >= MANY
    peers = [name for name in taken if name not in (own, Relay.name)]
    rows = []

    def beside_peers(name: str, words: str, unit: str) -> list[Row]:
        return [
            row(
                words,
                unit,
                figures(own, name),
                peer,
                figures(peer, name),
                WANTED_OF_PEERS.get((name, _first(peer)), ""),
            )
            for peer in peers
        ]

    def less_publishing(words: str) -> list[Row]:
        return [
            row(
                words,
                "µs",
                figures(own, "cpu"),
                f"{peer}, less publishing",
                [one.cpu - one.publication for one in taken[peer]],
            )
            for peer in peers
            if any(figures(peer, "publication"))
        ]

    for name, words, wanted in (
        ("cpu", f"CPU per delivery, {crowd}", "≤ 1.6 ×" if many else "≤ 1.8 ×"),
        ("median", _latency("p50", clients, clients), "≤ 1.5 ×" if many else ""),
        ("p99", _latency("p99", clients, clients), ""),
    ):
        rows.append(row(words, "µs", figures(own, name), Relay.name, figures(Relay.name, name), wanted))
        rows += beside_peers(name, words, "µs") + (less_publishing(words) if name == "cpu" else [])
    # In these the relay does not stand for a limit: it keeps next to nothing of a client, and sends no snapshot.
    for name, words, unit, wanted in (
        ("user", f"… of it user, {crowd}", "µs", "≤ 3.5 µs"),
        ("memory_kib", f"memory per idle connection, {crowd}", "KiB", "≤ 28 KiB"),
        ("connect", f"connect, subscribe, snapshot: CPU, {crowd}", "µs", ""),
    ):
        rows.append(alone(words, unit, figures(own, name), wanted))
        rows += beside_peers(name, words, unit)
    rows.append(alone(f"events merged, {crowd}", "", figures(own, "merged")))
    rows.append(alone(f"publisher behind its rate at most, {crowd}", "ms", figures(own, "behind_ms")))
    points = [Point(Chart.CPU, name, clients, spread(figures(name, "cpu"))) for name in taken]
    return Findings(rows, points)


def _first(peer: str) -> str:
    return peer.partition(" ")[0]


def _latency(percentile: str, clients: int, rate: float) -> str:
    return f"publish → handler, {percentile}, {clients:,} clients, {rate:,.0f}/s"


def _installed(setup: Setup, plan: Plan, say: Say) -> dict[str, Target]:
    targets: dict[str, Target] = {LIMNER.name: LIMNER, Relay.name: Relay(setup.programs.relay)}
    for peer in PEERS if plan.peers else ():
        if missing := peer.missing():
            say(f"{peer.name} is left out: {missing}")
        else:
            targets[peer.name] = peer
    return targets


def _in_turn(
    rounds: int, targets: Mapping[str, Target], measured: Callable[[Target], T], say: Say
) -> dict[str, list[T]]:
    """All targets in alternating rounds. A peer that fails is named and left out; with Limner or the relay it ends."""

    def give_up(name: str, error: NotMeasured) -> None:
        if targets[name] not in PEERS:
            raise error
        say(f"{name} is left out: {error}")

    return alternate(rounds, {name: partial(measured, target) for name, target in targets.items()}, give_up)
