"""What Limner's hub does when nothing happens, when somebody polls, and when something goes wrong."""

from bench.figures import alone, row
from bench.hub import comeback, previews, requests, stuck, waiting
from bench.hub.beside import LIMNER, Say
from bench.hub.findings import Findings
from bench.hub.plan import Plan
from bench.hub.setup import Setup
from bench.processes import NotMeasured
from bench.rounds import alternate

SOCKETS, POLLERS = "sockets", "pollers"


def poll(setup: Setup, plan: Plan, say: Say) -> Findings:
    """Cost of a poll, beside the least that the same process can answer."""
    say("requests")
    taken = [requests.measure(setup, LIMNER, plan.requests) for _ in range(plan.rounds)]
    health = [one.health for one in taken]
    rows = [
        row(f"GET /jobs/<id>{words}, CPU", "µs", [getattr(one, name) for one in taken], "GET /health", health, "≤ 2 ×")
        for name, words in (("job", ""), ("unchanged", " → 304"))
    ]
    return Findings(rows)


def wait(setup: Setup, plan: Plan, say: Say) -> Findings:
    """Cost of clients while nothing happens."""
    clients = plan.waiting

    def sockets() -> float:
        say(f"nothing happens: {clients:,} WebSockets")
        return waiting.sockets(setup, LIMNER, clients, plan.idle_seconds)

    def pollers() -> float:
        say(f"nothing happens: {clients:,} pollers")
        return waiting.polls(setup, LIMNER, clients, plan.poll_seconds)

    taken = alternate(plan.few_rounds, {SOCKETS: sockets, POLLERS: pollers}, _raise)
    name = f"{clients:,} wait, nothing happens: CPU"
    return Findings([row(name, "ms/s", taken[SOCKETS], "as many poll at 3 s", taken[POLLERS], "≤ 0.15 ×")])


def pause(setup: Setup, plan: Plan, say: Say) -> Findings:
    """Large events, with a pause of the server."""
    taken = []
    for _ in range(plan.rounds):
        say("previews, with a pause")
        taken.append(previews.measure(setup, LIMNER, plan))
    size = f"{plan.preview_bytes / 1024:.0f} KiB to {plan.preview_clients:,}, {plan.preview_rate:,.0f}/s"
    words = f"{size}, pause of {plan.pause:.3g} s"
    rows = [
        alone(f"{words}: last final state after it", "s", [one.finals for one in taken], "≤ 1 s"),
        alone(f"{words}: connections cut", "", [one.cut for one in taken], "0"),
        alone(f"{words}: previews merged", "", [one.merged for one in taken]),
    ]
    return Findings(rows)


def stick(setup: Setup, plan: Plan, say: Say) -> Findings:
    """One client that never reads, beside the same client reading."""

    def one(never_read: bool) -> stuck.Beside:
        say(f"one of {plan.crowd:,} {'never reads' if never_read else 'reads'}")
        return stuck.measure(setup, LIMNER, plan, never_read=never_read)

    taken = alternate(plan.rounds, {True: lambda: one(True), False: lambda: one(False)}, _raise)
    name = f"one never reads among {plan.crowd:,}"
    rows = [
        row(
            f"{name}: {words}",
            "µs",
            [getattr(one, figure) for one in taken[True]],
            "the same one reads",
            [getattr(one, figure) for one in taken[False]],
            wanted,
        )
        for figure, words, wanted in (
            ("median", "p50 of all others", "≤ 1.1 ×"),
            ("p99", "p99 of all others", ""),
            ("worst", "longest of all others", ""),
        )
    ]
    longer = [(there.worst - here.worst) / 1000 for there, here in zip(taken[True], taken[False], strict=True)]
    return Findings(
        [
            *rows,
            alone(f"{name}: longest, beyond that", "ms", longer, "≤ 20 ms"),
            alone(f"{name}: cut off", "", [one.cut for one in taken[True]]),
        ]
    )


def come_back(setup: Setup, plan: Plan, say: Say) -> Findings:
    """Everybody comes back after the server was killed."""
    taken = []
    for _ in range(plan.rounds):
        say(f"{plan.crowd:,} come back")
        taken.append(comeback.measure(setup, LIMNER, plan.crowd, plan.coming_back))
    name = f"{plan.crowd:,} come back after SIGKILL"
    rows = [
        alone(f"{name}: all have their state", "s", [one.seconds for one in taken], "≤ 20 s"),
        alone(f"{name}: Redis commands each", "", [one.commands for one in taken], "≤ 2"),
        alone(f"{name}: refused, came again", "", [one.refused for one in taken]),
        alone(f"{name}: met a closed port, came again", "", [one.unreachable for one in taken]),
    ]
    return Findings(rows)


def _raise(_: object, error: NotMeasured) -> None:
    raise error
