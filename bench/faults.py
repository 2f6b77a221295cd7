"""`./limner bench faults`, `… job-faults`, `… kept-faults`, `… churn`: fault tables, and coming and going, in full."""

import asyncio
import contextlib
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
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
    from tests.support.faults.stage import Scale
    from tests.support.faults.trial import Outcome
    from tests.support.job_faults.rows import Row as JobRow
    from tests.support.job_faults.trial import Outcome as JobOutcome
    from tests.support.kept_faults.rows import Row as KeptRow
    from tests.support.kept_faults.trial import Outcome as KeptOutcome
    from tests.support.seaweed import Seaweed

FIGURES = ("resync", "resync of polls", "half-open found", "stuck client gone")

JOB_COLUMNS = {
    "jobs": "jobs",
    "unfinished": "unfinished",
    "again": "again",
    "unseen": "unseen",
    "paid twice": "paid",
    "crashed": "crashed",
    "harmed": "harmed",
    "rerun": "rerun",
    "unknown": "unknown",
    "painted twice": "made_twice",
    "seconds": "seconds",
}

KEPT_COLUMNS = ("pictures", "objects", "urls", "base64", "unfinished", "wrong", "crashed", "seconds")


@dataclass(frozen=True, slots=True)
class Amount:
    """Of coming and going."""

    connects: int
    events: int
    parts: int
    """After each of which it is looked what is kept."""


WHOLE, FEW = Amount(100_000, 1_000_000, parts=10), Amount(200, 2_000, parts=2)

_quick_option = click.option("--quick", is_flag=True, help="A little of it only: whether it works.")
_json_option = click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the figures to this file, too.",
)


@click.command()
@click.option("--row", "names", multiple=True, help="Only rows whose name has these words; may be repeated.")
@click.option("--jobs", type=click.IntRange(30, 10_000), help="In each row.  [default: 1000]")
@_quick_option
@_json_option
def faults(names: tuple[str, ...], jobs: int | None, quick: bool, json_file: Path | None) -> None:
    """Break everything that can break, at full length, while clients of all four kinds watch, and print one table."""
    from tests.support.faults.rows import ROWS
    from tests.support.faults.stage import SMALL
    from tests.support.faults.trial import run

    scale = replace(SMALL, jobs=jobs or SMALL.jobs) if quick else _full(jobs or 1_000)
    outcomes: dict[str, Outcome | str] = {}
    rows = [row for row in ROWS if not names or any(name in row.name for name in names)]
    if not rows:
        raise click.UsageError(f"No row has these words; there are: {', '.join(row.name for row in ROWS)}.")
    for row in rows:
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


def _full(jobs: int) -> "Scale":
    from tests.support.faults.stage import Scale

    return Scale(
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
@click.option("--row", "names", multiple=True, help="Only rows whose name has these words; may be repeated.")
@_quick_option
@_json_option
def job_faults(names: tuple[str, ...], quick: bool, json_file: Path | None) -> None:
    """Break everything that can break while 200 jobs run on three workers, at full length, and print one table."""
    from tests.support.job_faults.rows import ROWS

    rows = [row for row in ROWS if not names or any(name in row.name for name in names)]
    if not rows:
        raise click.UsageError(f"No row has these words; there are: {', '.join(row.name for row in ROWS)}.")
    outcomes = asyncio.run(_job_faults(rows, quick))
    table = Table(title="Faults while 200 jobs run on three workers", title_justify="left")
    table.add_column("what breaks", no_wrap=True)
    for name in JOB_COLUMNS:
        table.add_column(name, justify="right")
    for name, one in outcomes.items():
        cells = [one] if isinstance(one, str) else [_cell(getattr(one, field)) for field in JOB_COLUMNS.values()]
        table.add_row(name, *cells)
    _console().print(table)
    if json_file is not None:
        _write(json_file, {name: asdict(one) if not isinstance(one, str) else one for name, one in outcomes.items()})
    wrong = [fault for one in outcomes.values() for fault in ([one] if isinstance(one, str) else one.faults)]
    for fault in wrong[:20]:
        click.echo(fault, err=True)
    sys.exit(bool(wrong))


async def _job_faults(rows: "Sequence[JobRow]", quick: bool) -> "dict[str, JobOutcome | str]":
    from tests.support.job_faults.installation import FULL, SMALL, installation
    from tests.support.job_faults.trial import run

    outcomes: dict[str, JobOutcome | str] = {}
    with contextlib.redirect_stdout(io.StringIO()):  # to which the processes' logs are printed in the end
        async with installation(SMALL if quick else FULL) as on:
            for row in rows:
                click.echo(row.name, err=True)
                try:
                    outcomes[row.name] = await run(row, on)
                except AssertionError as error:
                    outcomes[row.name] = str(error)
    return outcomes


@click.command()
@click.option("--row", "names", multiple=True, help="Only rows whose name has these words; may be repeated.")
@click.option("--store", type=click.Choice(["folder", "bucket"]), help="Only over this.  [default: both]")
@_quick_option
@_json_option
def kept_faults(names: tuple[str, ...], store: str | None, quick: bool, json_file: Path | None) -> None:
    """Break everything that can break while worlds are made, at full length, and print what is kept in the end."""
    from tests.support.kept_faults.rows import ROWS, Store

    rows = [row for row in ROWS if not names or any(name in row.name for name in names)]
    if not rows:
        raise click.UsageError(f"No row has these words; there are: {', '.join(row.name for row in ROWS)}.")
    outcomes: dict[str, KeptOutcome | str] = {}
    if store != "bucket":
        outcomes |= asyncio.run(_kept_faults([row for row in rows if Store.FOLDER in row.stores], quick, None))
    if store != "folder":
        from tests.support.seaweed import seaweed

        try:
            with seaweed() as server:
                outcomes |= asyncio.run(_kept_faults(rows, quick, server))
        except AssertionError as error:
            raise click.ClickException(str(error)) from None
    table = Table(title="Faults while worlds are made", title_justify="left")
    table.add_column("what breaks", no_wrap=True)
    for name in KEPT_COLUMNS:
        table.add_column(name, justify="right")
    for name, one in outcomes.items():
        table.add_row(
            name, *([one] if isinstance(one, str) else [_cell(getattr(one, field)) for field in KEPT_COLUMNS])
        )
    _console().print(table)
    if json_file is not None:
        _write(json_file, {name: asdict(one) if not isinstance(one, str) else one for name, one in outcomes.items()})
    wrong = [fault for one in outcomes.values() for fault in ([one] if isinstance(one, str) else one.faults)]
    for fault in wrong[:20]:
        click.echo(fault, err=True)
    sys.exit(bool(wrong))


async def _kept_faults(
    rows: "Sequence[KeptRow]", quick: bool, server: "Seaweed | None"
) -> "dict[str, KeptOutcome | str]":
    from tests.support.kept_faults.installation import FULL, SMALL, installation
    from tests.support.kept_faults.trial import run

    store = "folder" if server is None else "bucket"
    outcomes: dict[str, KeptOutcome | str] = {}
    with contextlib.redirect_stdout(io.StringIO()):  # to which the processes' logs are printed in the end
        async with installation(SMALL if quick else FULL, server) as on:
            for row in rows:
                click.echo(f"{store}: {row.name}", err=True)
                try:
                    outcomes[f"{store}: {row.name}"] = await run(row, on)
                except AssertionError as error:
                    outcomes[f"{store}: {row.name}"] = str(error)
    return outcomes


def _cell(value: list[str] | int | float) -> str:
    if isinstance(value, list):
        return str(len(value))
    return f"{value:.1f}" if isinstance(value, float) else str(value)


@click.command()
@click.option("--connects", type=click.IntRange(100), help="How many come and go.  [default: 100000]")
@click.option("--events", type=click.IntRange(100), help="That are published meanwhile.  [default: 1000000]")
@_quick_option
@_json_option
def churn(connects: int | None, events: int | None, quick: bool, json_file: Path | None) -> None:
    """Let clients come and go while events pour, and print what the server keeps of them after each tenth."""
    amount = FEW if quick else WHOLE
    amount = replace(amount, connects=connects or amount.connects, events=events or amount.events)
    kept = asyncio.run(_churn(amount))
    table = Table(title="What a server keeps when nobody is there", title_justify="left")
    for column in ("after", "memory (Pss), KiB", "files", "connections", "subscriptions", "channels"):
        table.add_column(column, justify="right")
    for came, one in kept.items():
        table.add_row(f"{came:,}", *(f"{value:,}" for value in asdict(one).values()))
    _console().print(table)
    if json_file is not None:
        _write(json_file, {str(came): asdict(one) for came, one in kept.items()})


async def _churn(amount: Amount) -> "dict[int, Kept]":
    from tests.support.churn import ENVIRONMENT, Churn, running_jobs
    from tests.support.limner import Server

    kept = {}
    with running() as valkey, Server({"LIMNER_REDIS_URL": valkey.url, **ENVIRONMENT}) as server:
        settings = StorageSettings(redis_url=SecretStr(valkey.url))
        async with connect(settings.redis_url) as redis:
            keys = Keys(settings.redis_prefix)
            churn = Churn(server, redis, keys, await running_jobs(JobStore(redis, keys, settings)))
            for part in range(1, amount.parts + 1):
                await churn.run(amount.connects // amount.parts, amount.events // amount.parts)
                came = amount.connects * part // amount.parts
                kept[came] = await churn.kept(once_deserted=part == amount.parts)
                click.echo(f"{came:,} of {amount.connects:,}", err=True)
    return kept


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


def _write(file: Path, figures: dict[str, Any]) -> None:
    file.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")
