"""`./limner bench write`: the figures of a run of `bench jobs` or `bench kept`, written into the page about them."""

from pathlib import Path

import click
from pydantic import ValidationError

from bench.page import HEAD, PAGE, Run, filled, lines

SECTIONS = ("jobs", "kept")
COMMAND = "./limner bench write"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--section",
    type=click.Choice(SECTIONS),
    default=SECTIONS[0],
    show_default=True,
    help="Which part of the page: that of the command whose figures they are.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, writable=True),
    default=PAGE,
    help="The page to write into, between its marks.  [default: docs/performance.md]",
)
def write(file: Path, section: str, page: Path) -> None:
    """Write the figures of FILE, which `jobs --json` or `kept --json` wrote, into docs/performance.md."""
    try:
        run = Run.model_validate_json(file.read_bytes())
    except ValidationError:
        raise click.UsageError(f"{file} is not what `./limner bench {section} --json FILE` writes.") from None
    try:
        page.write_text(filled(page.read_text(), section, figures(run), COMMAND))
    except ValueError as error:
        raise click.UsageError(f"{page}: {error}") from None


def figures(run: Run) -> str:
    """Markdown: on what was measured, and all rows."""
    return f"{run.about}\n\n{HEAD}{''.join(lines(run.rows))}"
