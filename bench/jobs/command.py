"""`./limner bench jobs`: what it costs that a job survives, beside arq without it."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from bench import table
from bench.figures import Row
from bench.jobs.parts import PARTS
from bench.jobs.plan import QUICK, Plan
from bench.jobs.stage import stage
from bench.processes import NotMeasured
from storage.errors import EmbeddedUnavailable


@click.command()
@click.option("--rounds", type=click.IntRange(1, 1000), help="How often each figure is taken.  [default: 3]")
@click.option("--part", "parts", type=click.Choice(list(PARTS)), multiple=True, help="Only this; may be repeated.")
@click.option("--quick", is_flag=True, help="A few jobs only: whether it works, not how fast it is.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the figures to this file, too.",
)
def jobs(rounds: int | None, parts: tuple[str, ...], quick: bool, json_file: Path | None) -> None:
    """Measure how jobs are begun, got through, taken over and foretold, and print one table."""
    plan = QUICK if quick else Plan()
    plan = replace(plan, rounds=rounds or plan.rounds)
    rows: list[Row] = []
    try:
        with stage() as ready:
            for name in parts or PARTS:
                click.echo(name, err=True)
                rows += PARTS[name](ready, plan)
                if json_file is not None:
                    found = table.as_json(rows, plan.rounds)
                    json_file.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    except (NotMeasured, EmbeddedUnavailable) as error:
        click.echo(f"limner: {error}", err=True)
        sys.exit(1)
    table.show(rows)
