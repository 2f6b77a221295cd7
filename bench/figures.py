"""Figures from samples, and the rows that they stand in. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure of several rounds."""

    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio` is of the two figures of one round, so that a busy round weighs on both.

    Not every figure has a reference. `wanted` says what the figure or the ratio is to be, where that is settled.
    """

    name: str
    unit: str
    measured: Spread
    reference_name: str = ""
    reference: Spread | None = None
    ratio: Spread | None = None
    wanted: str = ""


def percentile(samples: Sequence[float], share: float) -> float:
    """The least sample that `share` of all (0…1) do not exceed. Raises ValueError without samples."""
    if not samples:
        raise ValueError("there are no samples")
    ranked = sorted(samples)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def spread(rounds: Sequence[float]) -> Spread:
    return Spread(median(rounds), min(rounds), max(rounds))


def row(
    name: str, unit: str, measured: Sequence[float], reference_name: str, reference: Sequence[float], wanted: str = ""
) -> Row:
    """A row of two figures that were taken in the same rounds, in their order."""
    ratios = [one / other for one, other in zip(measured, reference, strict=True) if other]
    ratio = spread(ratios) if ratios else None
    return Row(name, unit, spread(measured), reference_name, spread(reference), ratio, wanted)


def alone(name: str, unit: str, measured: Sequence[float], wanted: str = "") -> Row:
    """A row of a figure that nothing stands beside."""
    return Row(name, unit, spread(measured), wanted=wanted)
