"""`./limner bench faults` and `… churn`: the fault table of the suite, and its coming and going, at full length."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bench.table import WIDTH
from storage.connect import connect
from storage.embedded import running
from storage.jobs import JobStore
from storage.keys import Keys
from storage.settings import StorageSettings

if TYPE_CHECKING:
    from tests.support.churn import Kept
    from tests.support.faults.trial import Outcome

FIGURES = ("resync", "resync of polls", "half-open found", "stuck client gone")

_json_option = click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the figures to this file, too.",
)


@click.command()
@click.option("--row", "names", multiple=True, help="Only rows whose name has these words; may be repeated.")
@click.option("--jobs", type=click.IntRange(30, 10_000), default=1_000, show_default=True, help="In each row.")
@_json_option
def faults(names: tuple[str, ...], jobs: int, json_file: Path | None) -> None:
    """Break everything that can break, at full length, while clients of all four kinds watch, and print one table."""
    from tests.support.faults.rows import ROWS
    from tests.support.faults.stage import Scale
    from tests.support.faults.trial import run

    scale = Scale(
        jobs=jobs,
        jobs_per_client=250,
        preview_characters=8_192,
        changes=100,
        deadline=120,
        wait=30,
        pause=2,
        lease=10,
        slow=10,
        isolated=False,
        environment={"LIMNER_MAX_CONNECTIONS_PER_ADDRESS": "10000"},
    )
    outcomes: dict[str, Outcome | str] = {}
    for row in ROWS:
        if not names or any(name in row.name for name in names):
            click.echo(row.name, err=True)
            try:
                outcomes[row.name] = asyncio.run(run(row, scale))
            except AssertionError as error:
                outcomes[row.name] = str(error)
    _show(outcomes)
    if json_file is not None:
        _write(json_file, {name: asdict(one) if not isinstance(one, str) else one for name, one in outcomes.items()})
    wrong = [fault for one in outcomes.values() for fault in ([one] if isinstance(one, str) else one.faults)]
    for fault in wrong[:20]:
        click.echo(fault, err=True)
    sys.exit(bool(wrong))


def _show(outcomes: "dict[str, Outcome | str]") -> None:
    table = Table(title="Faults; times in seconds", title_justify="left")
    table.add_column("what breaks", no_wrap=True)
    for name in ("jobs", "lost", "twice", "older", "refused", "cut", "finds", *FIGURES):
        table.add_column(name, justify="right")
    for name, one in outcomes.items():
        if isinstance(one, str):
            table.add_row(name, one)
            continue
        counts = (len(faults) for faults in (one.lost, one.twice, one.older, one.refused, one.cut))
        figures = (f"{one.figures[figure]:.2f}" if figure in one.figures else "" for figure in FIGURES)
        table.add_row(name, str(one.jobs), *map(str, counts), str(one.finds), *figures)
    _console().print(table)


@click.command()
@click.option("--connects", type=click.IntRange(1_000), default=100_000, show_default=True)
@click.option("--events", type=click.IntRange(1_000), default=1_000_000, show_default=True)
@_json_option
def churn(connects: int, events: int, json_file: Path | None) -> None:
    """Let clients come and go while events pour, and print what the server keeps of them after each tenth."""
    kept = asyncio.run(_churn(connects, events))
    table = Table(title="What a server keeps when nobody is there", title_justify="left")
    for column in ("after", "memory (Pss), KiB", "files", "connections", "subscriptions", "channels"):
        table.add_column(column, justify="right")
    for came, one in kept.items():
        table.add_row(f"{came:,}", *(f"{value:,}" for value in asdict(one).values()))
    _console().print(table)
    if json_file is not None:
        _write(json_file, {str(came): asdict(one) for came, one in kept.items()})


async def _churn(connects: int, events: int) -> "dict[int, Kept]":
    from tests.support.churn import ENVIRONMENT, Churn, running_jobs
    from tests.support.limner import Server

    kept = {}
    with running() as valkey, Server({"LIMNER_REDIS_URL": valkey.url, **ENVIRONMENT}) as server:
        settings = StorageSettings(redis_url=SecretStr(valkey.url))
        async with connect(settings.redis_url) as redis:
            keys = Keys(settings.redis_prefix)
            churn = Churn(server, redis, keys, await running_jobs(JobStore(redis, keys, settings)))
            for part in range(1, 11):
                await churn.run(connects // 10, events // 10)
                came = connects * part // 10
                kept[came] = await churn.kept(once_deserted=part == 10)
                click.echo(f"{came:,} of {connects:,}", err=True)
    return kept


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


def _write(file: Path, figures: dict[str, Any]) -> None:
    file.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")
