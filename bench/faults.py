"""`./limner bench faults`, `… job-faults`, `… kept-faults`: the fault tables of the suite, at full length."""

import asyncio
import contextlib
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import click
from rich.table import Table

from bench.command import json_option, quick_option, write_json
from bench.table import console

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from tests.support.faults.stage import Scale
    from tests.support.faults.trial import Outcome
    from tests.support.job_faults.rows import Row as JobRow
    from tests.support.job_faults.trial import Outcome as JobOutcome
    from tests.support.kept_faults.rows import Row as KeptRow
    from tests.support.kept_faults.trial import Outcome as KeptOutcome
    from tests.support.seaweed import Seaweed

    class Named(Protocol):
        @property
        def name(self) -> str: ...

    class Judged(DataclassInstance, Protocol):
        @property
        def faults(self) -> Sequence[str]: ...


R = TypeVar("R", bound="Named")
T = TypeVar("T")

COUNTS = ("lost", "twice", "older", "refused", "cut")
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

TOLD = 20
"""Faults that are told in words, at most."""

_row_option = click.option(
    "--row", "names", multiple=True, help="Only rows whose name has these words; may be repeated."
)


@click.command()
@_row_option
@click.option("--jobs", type=click.IntRange(30, 10_000), help="In each row.  [default: 1000]")
@quick_option
@json_option
def faults(names: tuple[str, ...], jobs: int | None, quick: bool, json_file: Path | None) -> None:
    """Break everything that can break, at full length, while clients of all four kinds watch, and print one table."""
    from tests.support.faults.rows import ROWS
    from tests.support.faults.stage import SMALL
    from tests.support.faults.trial import run

    scale = replace(SMALL, jobs=jobs or SMALL.jobs) if quick else _full(jobs or 1_000)
    outcomes = {row.name: asyncio.run(_outcome(row.name, run(row, scale))) for row in _chosen(ROWS, names)}
    _show("Faults; times in seconds", ("jobs", *COUNTS, "finds", *FIGURES), _cells, outcomes)
    _end(outcomes, json_file)


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


def _cells(one: "Outcome") -> Iterable[str]:
    figures = (f"{one.figures[figure]:.2f}" if figure in one.figures else "" for figure in FIGURES)
    return [str(one.jobs), *(_cell(getattr(one, count)) for count in COUNTS), str(one.finds), *figures]


@click.command()
@_row_option
@quick_option
@json_option
def job_faults(names: tuple[str, ...], quick: bool, json_file: Path | None) -> None:
    """Break everything that can break while 200 jobs run on three workers, at full length, and print one table."""
    from tests.support.job_faults.rows import ROWS

    outcomes = asyncio.run(_job_faults(_chosen(ROWS, names), quick))
    _show("Faults while 200 jobs run on three workers", JOB_COLUMNS, _cells_of(JOB_COLUMNS.values()), outcomes)
    _end(outcomes, json_file)


async def _job_faults(rows: "Sequence[JobRow]", quick: bool) -> "dict[str, JobOutcome | str]":
    from tests.support.job_faults.installation import FULL, SMALL, installation
    from tests.support.job_faults.trial import run

    with contextlib.redirect_stdout(io.StringIO()):  # to which the processes' logs are printed in the end
        async with installation(SMALL if quick else FULL) as on:
            return {row.name: await _outcome(row.name, run(row, on)) for row in rows}


@click.command()
@_row_option
@click.option("--store", type=click.Choice(["folder", "bucket"]), help="Only over this.  [default: both]")
@quick_option
@json_option
def kept_faults(names: tuple[str, ...], store: str | None, quick: bool, json_file: Path | None) -> None:
    """Break everything that can break while worlds are made, at full length, and print what is kept in the end."""
    from tests.support.kept_faults.rows import ROWS, Store

    rows = _chosen(ROWS, names)
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
    _show("Faults while worlds are made", KEPT_COLUMNS, _cells_of(KEPT_COLUMNS), outcomes)
    _end(outcomes, json_file)


async def _kept_faults(
    rows: "Sequence[KeptRow]", quick: bool, server: "Seaweed | None"
) -> "dict[str, KeptOutcome | str]":
    from tests.support.kept_faults.installation import FULL, SMALL, installation
    from tests.support.kept_faults.trial import run

    store = "folder" if server is None else "bucket"
    named = {f"{store}: {row.name}": row for row in rows}
    with contextlib.redirect_stdout(io.StringIO()):  # to which the processes' logs are printed in the end
        async with installation(SMALL if quick else FULL, server) as on:
            return {name: await _outcome(name, run(row, on)) for name, row in named.items()}


def _chosen(rows: Sequence[R], names: Sequence[str]) -> list[R]:
    chosen = [row for row in rows if not names or any(name in row.name for name in names)]
    if not chosen:
        raise click.UsageError(f"No row has these words; there are: {', '.join(row.name for row in rows)}.")
    return chosen


async def _outcome(name: str, trial: Awaitable[T]) -> T | str:
    """What came of a trial, or in words what has ended it."""
    click.echo(name, err=True)
    try:
        return await trial
    except AssertionError as error:
        return str(error)


def _show(
    title: str, columns: Iterable[str], cells: Callable[[T], Iterable[str]], outcomes: Mapping[str, T | str]
) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("what breaks", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    for name, one in outcomes.items():
        table.add_row(name, *([one] if isinstance(one, str) else cells(one)))
    console().print(table)


def _cells_of(fields: Iterable[str]) -> Callable[[object], Iterable[str]]:
    return lambda one: [_cell(getattr(one, field)) for field in fields]


def _cell(value: list[str] | int | float) -> str:
    if isinstance(value, list):
        return str(len(value))
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _end(outcomes: "Mapping[str, Judged | str]", json_file: Path | None) -> NoReturn:
    """Exit status 1 where anything is wrong."""
    write_json(json_file, {name: one if isinstance(one, str) else asdict(one) for name, one in outcomes.items()})
    wrong = [fault for one in outcomes.values() for fault in ([one] if isinstance(one, str) else one.faults)]
    for fault in wrong[:TOLD]:
        click.echo(fault, err=True)
    sys.exit(bool(wrong))
