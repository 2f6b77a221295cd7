"""Jobs as lines for a terminal. Pure."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

HEADINGS = ("ID", "KIND", "STATUS", "ATTEMPT", "AGE", "OWNER", "")
LEFT_OUT = ("version", "preview")
"""What of a record says nothing to a person."""


def table(jobs: Sequence[dict[str, Any]], now: datetime) -> list[str]:
    """A heading and a line for each job, in columns. The owner is there where the listing has one."""
    rows = [HEADINGS, *(_row(job, now) for job in jobs)]
    if not any("owner" in job for job in jobs):
        rows = [(*row[:5], row[6]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(job: dict[str, Any], now: datetime) -> tuple[str, ...]:
    return (
        job["id"],
        job["kind"],
        job["status"],
        str(job["attempt"]),
        age(job["created_at"], now),
        job.get("owner", ""),
        about(job),
    )


def about(job: dict[str, Any]) -> str:
    """Where it stands, or why it failed."""
    if job["error"] is not None:
        return f"{job['error']['code']}: {job['error']['message']}"
    parts = [job["stage"]]
    if job["status"] == "processing":
        parts.insert(0, _percent(job))
    if job["queue_position"] is not None:
        parts.insert(0, f"number {job['queue_position']}")
    return ", ".join(filter(None, parts))


def details(job: dict[str, Any]) -> list[str]:
    """Every field of a record that says something, one a line."""
    said = {name: value for name, value in job.items() if value is not None and name not in LEFT_OUT}
    said["progress"] = _percent(job)
    width = max(map(len, said))
    return [f"{name.ljust(width)}  {_shown(value)}" for name, value in said.items()]


def _percent(job: dict[str, Any]) -> str:
    return f"{math.floor(job['progress'] * 100)}%"  # a hundred only when it is done


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shown(part)}" for name, part in value.items())
    if isinstance(value, list):
        return f"{len(value)}"
    return str(value)


def age(time: str, now: datetime) -> str:
    """How long ago, in its largest unit."""
    seconds = max(0, round((now - datetime.fromisoformat(time)).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
