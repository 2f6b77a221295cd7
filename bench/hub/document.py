"""`./limner bench plot`: the figures of a run, written into the page about them and drawn beside it."""

from pathlib import Path

import click
from pydantic import ValidationError

from bench.hub.findings import Point
from bench.hub.plot import drawn
from bench.hub.stages import NAME as STAGE
from bench.page import HEAD, PAGE, Run, filled, lines

FIGURES, STAGES = "figures", "stages"
COMMAND = "./limner bench plot"


class HubRun(Run):
    """What `./limner bench hub --json FILE` writes."""

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
        run = HubRun.model_validate_json(file.read_bytes())
    except ValidationError:
        raise click.UsageError(f"{file} is not what `./limner bench hub --json FILE` writes.") from None
    drawing = page.with_suffix(".svg")
    try:
        text = filled(page.read_text(), FIGURES, figures(run, drawing.name), COMMAND)
        text = filled(text, STAGES, stages(run), COMMAND)
    except ValueError as error:
        raise click.UsageError(f"{page}: {error}") from None
    page.write_text(text)
    drawing.write_text(drawn(run.points))


def figures(run: HubRun, drawing: str) -> str:
    """Markdown: the drawing, what something is wanted of, and everything."""
    parts = [run.about]
    if run.points:
        parts.append(f"![Median latency by events a second, and CPU per delivery by clients]({drawing})")
    if wanted := [row for row in run.rows if row.wanted]:
        parts.append(HEAD + "".join(lines(wanted)))
    parts.append(f"<details><summary>All rows</summary>\n\n{HEAD}{''.join(lines(run.rows))}\n</details>")
    return "\n\n".join(part.rstrip("\n") for part in parts)


def stages(run: HubRun) -> str:
    """Markdown: what each piece of a delivery costs."""
    rows = [row for row in run.rows if row.name.startswith(STAGE)]
    return HEAD + "".join(lines(rows)) if rows else "The part `stages` was not measured in this run."
