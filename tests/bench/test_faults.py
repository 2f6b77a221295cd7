"""Whether `limner bench faults`, `… job-faults` and `… churn` work. What they find is the suite's to judge."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.limner import ROOT

pytestmark = pytest.mark.system


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "bench", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_a_row_of_the_fault_table_is_printed_and_written_as_json(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    ended = bench("faults", "--quick", "--row", "clients cut", "--json", str(file))
    assert ended.returncode == 0, ended.stderr
    found = json.loads(file.read_text())
    assert list(found) == ["clients cut"]
    assert found["clients cut"]["lost"] == []
    assert found["clients cut"]["figures"]["resync"] >= 0
    assert "clients cut" in ended.stdout


def test_a_row_of_the_job_fault_table_is_printed_and_written_as_json(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    ended = bench("job-faults", "--quick", "--row", "server frozen", "--json", str(file))
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads(file.read_text()).values()
    assert (found["jobs"], found["unfinished"], found["made_twice"]) == (200, [], 0)
    assert "server frozen" in ended.stdout


@pytest.mark.parametrize(("table", "row"), [("faults", "clients cut"), ("job-faults", "worker killed")])
def test_a_row_that_there_is_not_is_refused_with_the_names_of_those_there_are(table: str, row: str) -> None:
    ended = bench(table, "--row", "nobody")
    assert ended.returncode == 2
    assert "No row has these words" in ended.stderr
    assert row in ended.stderr


def test_what_a_server_keeps_is_printed_after_each_part_and_written_as_json(tmp_path: Path) -> None:
    file = tmp_path / "churn.json"
    ended = bench("churn", "--quick", "--connects", "100", "--events", "200", "--json", str(file))
    assert ended.returncode == 0, ended.stderr
    found = json.loads(file.read_text())
    assert list(found) == ["50", "100"]
    assert found["100"]["connections"] == found["100"]["channels"] == 0
    assert f"{found['100']['kib']:,}" in ended.stdout
