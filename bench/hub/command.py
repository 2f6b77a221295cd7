"""`./limner bench hub`: what the hub costs, beside a relay in C and beside its peers."""

import sys
from dataclasses import asdict, replace
from pathlib import Path

import click

from bench import table
from bench.command import json_option, write_json
from bench.hub import plot
from bench.hub.findings import Findings
from bench.hub.machine import open_files
from bench.hub.parts import PARTS
from bench.hub.plan import QUICK, Plan
from bench.hub.setup import setup
from bench.processes import NotMeasured
from storage.errors import EmbeddedUnavailable

MOST_CLIENTS = 25_000
"""One address has so many ports to connect from."""
OTHER_FILES = 1_000


@click.command()
@click.option(
    "--clients",
    type=click.IntRange(1, MOST_CLIENTS),
    multiple=True,
    help="How many; may be given several times.  [default: 1000 and 10000]",
)
@click.option("--rounds", type=click.IntRange(1, 1000), help="How often each figure is taken.  [default: 8]")
@click.option("--part", "parts", type=click.Choice(list(PARTS)), multiple=True, help="Only this; may be repeated.")
@click.option("--peers/--no-peers", default=True, help="Beside its peers, or only beside the relay.")
@click.option("--quick", is_flag=True, help="A few events only: whether it works, not how fast it is.")
@click.option(
    "--relay",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="LIMNER_BENCH_RELAY",
    help="The C source of another relay to take the place of native/relay.c.",
)
@json_option
@click.option(
    "--plot",
    "plot_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Draw latency by load, and CPU per delivery by clients, into this SVG file.",
)
def hub(
    clients: tuple[int, ...],
    rounds: int | None,
    parts: tuple[str, ...],
    peers: bool,
    quick: bool,
    relay: Path | None,
    json_file: Path | None,
    plot_file: Path | None,
) -> None:
    """Measure what the hub costs beside a relay in C and its peers, and print one table."""
    plan = QUICK if quick else Plan()
    plan = replace(plan, clients=clients or plan.clients, rounds=rounds or plan.rounds, peers=peers)
    plan = plan.within(plan.crowd)
    try:
        open_files(plan.crowd + OTHER_FILES)
        with setup(relay, settle_seconds=plan.settle_seconds) as ready:
            findings = Findings()
            for name in parts or PARTS:
                findings.add(PARTS[name](ready, plan, say))
                points = [asdict(point) for point in findings.points]
                write_json(json_file, {**table.as_json(findings.rows, plan.rounds), "points": points})
    except (NotMeasured, EmbeddedUnavailable) as error:
        click.echo(f"limner: {error}", err=True)
        sys.exit(1)
    table.show(findings.rows)
    if plot_file is not None:
        plot_file.write_text(plot.drawn(findings.points))


def say(sentence: str) -> None:
    click.echo(sentence, err=True)
