"""`./limner bench kept`: what it costs to keep worlds, beside the bare statements and puts."""

from collections.abc import Callable, Mapping, Sequence

from bench.command import measuring
from bench.figures import Row
from bench.kept import boards, creation, uploads
from bench.kept.plan import QUICK, Plan
from bench.kept.stage import Stage, stage

PARTS: Mapping[str, Callable[[Stage, Plan], Sequence[Row]]] = {
    "creation": creation.measure,
    "uploads": uploads.measure,
    "boards": boards.measure,
}

kept = measuring(
    "kept",
    "Measure how worlds are created, their pictures put away and their boards read, and print one table.",
    PARTS,
    stage,
    Plan(),
    QUICK,
)
