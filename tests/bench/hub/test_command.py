"""Whether `limner bench hub` works. How fast anything is, is no matter for a test."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.hub.parts import PARTS
from tests.support.limner import ROOT

pytestmark = pytest.mark.system

CROWD = 20
NAMES = [
    f"CPU per delivery, {CROWD} clients",
    *(f"publish → handler, p{share}, {CROWD} clients, {CROWD}/s" for share in (50, 99)),
    f"… of it user, {CROWD} clients",
    f"memory per idle connection, {CROWD} clients",
    f"connect, subscribe, snapshot: CPU, {CROWD} clients",
    f"events merged, {CROWD} clients",
    f"publisher behind its rate at most, {CROWD} clients",
    *(
        f"of a delivery: {piece}, {kind}, {CROWD} channels"
        for piece in ("read and parse", "find and decide", "the frame into the socket", "all of it")
        for kind in ("user", "system")
    ),
    *(f"publish → handler, p{share}, {CROWD} clients, {rate}/s" for rate in (200, 400) for share in (50, 99)),
    "GET /jobs/<id>, CPU",
    "GET /jobs/<id> → 304, CPU",
    f"{CROWD} wait, nothing happens: CPU",
    *(
        f"10 KiB to {CROWD}, {CROWD}/s, pause of 0.2 s: {what}"
        for what in ("last final state after it", "connections cut", "previews merged")
    ),
    *(
        f"one never reads among {CROWD}: {what}"
        for what in (
            "p50 of all others",
            "p99 of all others",
            "longest of all others",
            "longest, beyond that",
            "cut off",
        )
    ),
    *(
        f"{CROWD} come back after SIGKILL: {what}"
        for what in (
            "all have their state",
            "Redis commands each",
            "refused, came again",
            "met a closed port, came again",
        )
    ),
]


def bench_hub(
    *arguments: str, prepare: Callable[[], None] | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "bench", "hub", "--quick", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        preexec_fn=prepare,
    )


@pytest.mark.compiler
def test_it_prints_one_table_with_all_its_rows_and_writes_the_same_as_json_and_a_plot(tmp_path: Path) -> None:
    file, plot = tmp_path / "hub.json", tmp_path / "hub.svg"
    ended = bench_hub("--clients", str(CROWD), "--no-peers", "--json", str(file), "--plot", str(plot))
    assert ended.returncode == 0, ended.stderr

    found = json.loads(file.read_text())
    assert found["machine"]["rounds"] == 1
    # A busy machine may not keep up with a rate: then that is said, and nothing is told of it.
    left_out = tuple(f", {rate}" for rate in re.findall(r"is left out at (\S+/s)", ended.stderr))
    assert [row["name"] for row in found["rows"]] == [name for name in NAMES if not name.endswith(left_out)]
    for row in found["rows"]:
        assert row["name"] in ended.stdout
        assert row["measured"]["least"] <= row["measured"]["median"] <= row["measured"]["most"]
    cut = next(row for row in found["rows"] if row["name"].endswith("connections cut"))
    assert cut["measured"]["most"] == 0
    assert {point["series"] for point in found["points"]} == {"Limner", "C relay"}
    assert plot.read_text().startswith("<svg")


def test_without_a_compiler_it_names_it_and_measures_nothing(tmp_path: Path) -> None:
    ended = bench_hub(PATH=str(tmp_path))
    assert ended.returncode == 1
    assert "there is no gcc: install it" in ended.stderr
    assert ended.stdout == ""


def test_on_one_core_it_says_so_and_measures_nothing() -> None:
    def on_one_core() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    ended = bench_hub(prepare=on_one_core)
    assert ended.returncode == 1
    assert "two cores" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.compiler
def test_another_relay_that_cannot_be_compiled_is_named(tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text("no C")
    ended = bench_hub("--relay", str(source))
    assert ended.returncode == 1
    assert "other.c could not be compiled" in ended.stderr


@pytest.mark.parametrize("part", PARTS)
def test_the_readme_of_the_bench_names_every_part(part: str) -> None:
    assert f"`{part}`" in (ROOT / "bench" / "README.md").read_text()
