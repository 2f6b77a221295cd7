"""The page about what was measured, and how figures are written into it."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from pydantic import BaseModel

from bench.figures import Row
from bench.table import written
from server.up.python import ROOT

PAGE = ROOT / "docs" / "performance.md"
HEAD = "| what | measured | beside | reference | ratio | wanted |\n|---|---|---|---|---|---|\n"


class Run(BaseModel):
    """What a command of the bench writes with `--json FILE`."""

    machine: dict[str, str | int | float | None]
    rows: list[Row]

    @property
    def about(self) -> str:
        """What the figures are, and of which machine."""
        machine = ", ".join(f"{name} {value}" for name, value in self.machine.items() if value is not None)
        return f"Median of the rounds (least … most). Machine and run: {machine}."


def marks(name: str, command: str) -> tuple[str, str]:
    """The lines between which `command` writes what has this name."""
    return f"<!-- {name}: written by {command} -->", f"<!-- end of the {name} -->"


def filled(page: str, name: str, text: str, command: str) -> str:
    """The page with `text` between its marks. Raises ValueError unless it has both, once, in their order."""
    first, last = marks(name, command)
    head, begin, rest = page.partition(first)
    _, end, tail = rest.partition(last)
    if not begin or not end or first in rest or last in head + tail:
        raise ValueError(f"it must have the lines {first} and {last} once, in this order")
    return f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}"


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
