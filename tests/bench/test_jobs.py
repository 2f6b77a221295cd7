"""Whether `limner bench jobs` works. How fast anything is, is no matter for a test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.jobs.parts import PARTS
from bench.jobs.plan import QUICK
from tests.support.limner import ROOT

NAMES = [
    *(
        f"enqueue → first line, p{share}, 20/s{elsewhere}"
        for elsewhere in ("", f", {QUICK.elsewhere} running elsewhere")
        for share in (50, 99)
    ),
    "no-op jobs on one core",
    "no-op jobs on one core, CPU of each",
    *["20 jobs of 0.05 s on 5 slots"] * 2,
    *(f"POST /portraits → 202, p{share}, 100/s, 5 jobs run" for share in (50, 99)),
    "SIGKILL → running elsewhere, median of 2",
    "SIGKILL → running elsewhere, the last of 2",
    "expected_at at the beginning, median error, 20 jobs after 5",
    "expected_at at half of it, median error, 20 jobs after 5",
    "took no longer than p90, 20 jobs after 5",
    "expected_at as first told in the queue, median error, 30 jobs on 1 slots",
]


def bench_jobs(*arguments: str, one_core: bool = False) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "bench", "jobs", "--quick", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        preexec_fn=(lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})) if one_core else None,
    )


@pytest.mark.system
def test_it_prints_one_table_with_all_its_rows_and_writes_the_same_as_json(tmp_path: Path) -> None:
    file = tmp_path / "jobs.json"
    ended = bench_jobs("--json", str(file))
    assert ended.returncode == 0, ended.stderr

    found = json.loads(file.read_text())
    assert found["machine"]["rounds"] == 1
    assert [row["name"] for row in found["rows"]] == NAMES
    for row in found["rows"]:
        assert row["name"] in ended.stdout
        assert row["reference_name"] in ended.stdout
        assert row["measured"]["least"] <= row["measured"]["median"] <= row["measured"]["most"]
        assert row["wanted"] or row["reference_name"], "a figure alone says nothing"


@pytest.mark.system
def test_on_one_core_it_says_so_and_measures_nothing() -> None:
    ended = bench_jobs(one_core=True)
    assert ended.returncode == 1
    assert "two cores" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("part", PARTS)
def test_the_readme_of_the_bench_names_every_part(part: str) -> None:
    jobs = (ROOT / "bench" / "README.md").read_text().partition("`./limner bench jobs`\n")[2]
    assert f"| `{part}` |" in jobs
