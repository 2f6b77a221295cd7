"""The one table, on paper and as JSON."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Row, Spread
from bench.machine import machine

TITLE = "Median of the rounds (least … most)"
WIDTH = 240
"""Of a table that goes to a file."""


def console() -> Console:
    """As wide as the terminal, or as WIDTH."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


def show(rows: Sequence[Row]) -> None:
    table = Table(title=TITLE, title_justify="left")
    table.add_column("what", no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("beside", justify="right", no_wrap=True)
    table.add_column("reference", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    has_wishes = any(one.wanted for one in rows)
    if has_wishes:
        table.add_column("wanted", no_wrap=True)
    for one in rows:
        table.add_row(
            one.name,
            written(one.measured, one.unit),
            written(one.reference, one.unit),
            one.reference_name,
            written(one.ratio, "×"),
            *([one.wanted] if has_wishes else []),
        )
    console().print(table)


def as_json(rows: Sequence[Row], rounds: int | None = None) -> dict[str, Any]:
    """`rounds`: of all parts, where they have the same."""
    counted = {} if rounds is None else {"rounds": rounds}
    return {"machine": machine() | counted, "rows": [asdict(one) for one in rows]}


def written(spread: Spread | None, unit: str) -> str:
    if spread is None:
        return "–"
    return f"{_figure(spread.median)} ({_figure(spread.least)} … {_figure(spread.most)}) {unit}".rstrip()


NOTHING = 1e-9
"""A difference of two figures that is smaller is rounding."""


def _figure(value: float) -> str:
    if abs(value) < NOTHING:
        return "0"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
