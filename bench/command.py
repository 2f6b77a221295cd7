"""What the commands of the bench have in common."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from bench import table
from bench.figures import Row
from bench.processes import NotMeasured
from storage.errors import EmbeddedUnavailable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    class Plan(DataclassInstance, Protocol):
        """How much is measured; each figure in so many rounds."""

        @property
        def rounds(self) -> int: ...


S = TypeVar("S")
P = TypeVar("P", bound="Plan")

quick_option = click.option("--quick", is_flag=True, help="A little of it only: whether it works.")
json_option = click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the figures to this file, too.",
)


def measuring(
    name: str,
    about: str,
    parts: Mapping[str, Callable[[S, P], Sequence[Row]]],
    stage: Callable[[], AbstractContextManager[S]],
    whole: P,
    little: P,
) -> click.Command:
    """A command that measures its parts on one stage and prints one table: the `whole`, or a `little` with --quick."""

    @click.command(name, help=about)
    @click.option(
        "--rounds", type=click.IntRange(1, 1000), help=f"How often each figure is taken.  [default: {whole.rounds}]"
    )
    @click.option("--part", "chosen", type=click.Choice(list(parts)), multiple=True, help="Only this; may be repeated.")
    @quick_option
    @json_option
    def command(rounds: int | None, chosen: tuple[str, ...], quick: bool, json_file: Path | None) -> None:
        plan = little if quick else whole
        plan = replace(plan, rounds=rounds or plan.rounds)
        rows: list[Row] = []
        try:
            with stage() as ready:
                for part in chosen or parts:
                    click.echo(part, err=True)
                    rows += parts[part](ready, plan)
                    # After every part, for the whole takes long.
                    write_json(json_file, table.as_json(rows, plan.rounds))
        except (NotMeasured, EmbeddedUnavailable) as error:
            click.echo(f"limner: {error}", err=True)
            sys.exit(1)
        table.show(rows)

    return command


def write_json(file: Path | None, figures: Mapping[str, Any]) -> None:
    """Into the file that `json_option` names, if it names one."""
    if file is not None:
        file.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n")
