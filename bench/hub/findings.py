"""What a part of the bench finds: rows of the table, and points of the plot."""

from dataclasses import dataclass, field
from enum import StrEnum

from bench.figures import Row, Spread


class Chart(StrEnum):
    LATENCY = "latency"
    """Median latency in µs, by events a second."""
    CPU = "cpu"
    """CPU of a delivery in µs, by clients."""


@dataclass(frozen=True, slots=True)
class Point:
    chart: Chart
    series: str
    x: float
    y: Spread


@dataclass(slots=True)
class Findings:
    rows: list[Row] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def add(self, more: "Findings") -> None:
        self.rows += more.rows
        self.points += more.points
