"""`./limner bench plot`: the figures of a run, written into the page about them and drawn beside it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click
from pydantic import BaseModel, ValidationError

from bench.figures import Row
from bench.hub.findings import Point
from bench.hub.plot import drawn
from bench.hub.stages import NAME as STAGE
from bench.table import written
from server.up.python import ROOT

PAGE = ROOT / "docs" / "performance.md"
FIGURES, STAGES = "figures", "stages"
COMMAND = "./limner bench plot"
HEAD = "| what | measured | beside | reference | ratio | wanted |\n|---|---|---|---|---|---|\n"


class Run(BaseModel):
    """What `./limner bench hub --json FILE` writes."""

    machine: dict[str, str | int | float | None]
    rows: list[Row]
    points: list[Point]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--page",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, writable=True),
    default=PAGE,
    help="The page to write into, between its marks; the drawing goes beside it.  [default: docs/performance.md]",
)
def plot(file: Path, page: Path) -> None:
    """Write the figures of FILE, which `hub --json` wrote, into docs/performance.md, and draw docs/performance.svg."""
    try:
        run = Run.model_validate_json(file.read_bytes())
    except ValidationError:
        raise click.UsageError(f"{file} is not what `./limner bench hub --json FILE` writes.") from None
    drawing = page.with_suffix(".svg")
    try:
        text = filled(page.read_text(), FIGURES, figures(run, drawing.name))
        text = filled(text, STAGES, stages(run))
    except ValueError as error:
        raise click.UsageError(f"{page}: {error}") from None
    page.write_text(text)
    drawing.write_text(drawn(run.points))


def marks(name: str, command: str = COMMAND) -> tuple[str, str]:
    """The lines between which `command` writes what has this name."""
    return f"<!-- {name}: written by {command} -->", f"<!-- end of the {name} -->"


def filled(page: str, name: str, text: str, command: str = COMMAND) -> str:
    """The page with `text` between its marks. Raises ValueError unless it has both, once, in their order."""
    first, last = marks(name, command)
    head, begin, rest = page.partition(first)
    _, end, tail = rest.partition(last)
    if not begin or not end or first in rest or last in head + tail:
        raise ValueError(f"it must have the lines {first} and {last} once, in this order")
    return f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}"


def figures(run: Run, drawing: str) -> str:
    """Markdown: the drawing, what something is wanted of, and everything."""
    machine = ", ".join(f"{name} {value}" for name, value in run.machine.items() if value is not None)
    parts = [f"Median of the rounds (least … most). Machine and run: {machine}."]
    if run.points:
        parts.append(f"![Median latency by events a second, and CPU per delivery by clients]({drawing})")
    if wanted := [row for row in run.rows if row.wanted]:
        parts.append(HEAD + "".join(lines(wanted)))
    parts.append(f"<details><summary>All rows</summary>\n\n{HEAD}{''.join(lines(run.rows))}\n</details>")
    return "\n\n".join(part.rstrip("\n") for part in parts)


def stages(run: Run) -> str:
    """Markdown: what each piece of a delivery costs."""
    rows = [row for row in run.rows if row.name.startswith(STAGE)]
    return HEAD + "".join(lines(rows)) if rows else "The part `stages` was not measured in this run."


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Of a table in Markdown, without its head.

    Name and figure of several rows that only stand beside something else are written once.
    """
    for (name, measured), group in groupby(rows, lambda row: (row.name, written(row.measured, row.unit))):
        for number, row in enumerate(group):
            first = ("", "") if number else (name, measured)
            beside, ratio = written(row.reference, row.unit), written(row.ratio, "×")
            cells = (*first, beside, row.reference_name, ratio, row.wanted)
            yield f"| {' | '.join(map(_cell, cells))} |\n"


def _cell(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")
