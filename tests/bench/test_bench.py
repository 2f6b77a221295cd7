"""Whether the bench works. How fast anything is, is no matter for a test."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.limner import ROOT

ROWS = [
    *(
        rf"{begin} → handler, \d[\d,]* B{preview}, p{share}"
        for begin in ("commit", r"advance\(\)")
        for preview in ("", " with preview")
        for share in (50, 99)
    ),
    *(rf"POST /characters → 202, p{share}" for share in (50, 99)),
    *(rf"POST → {moment}, set of 1" for moment in ("first card", "first preview", "first picture", "last picture")),
]


@pytest.mark.system
def test_the_bench_prints_one_table_with_all_its_rows_and_writes_the_same_as_json(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "bench", "--quick", "--json", str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr

    rows = json.loads(file.read_text())["rows"]
    assert len(rows) == len(ROWS)
    for row, pattern in zip(rows, ROWS, strict=True):
        assert re.fullmatch(pattern, row["name"])
        assert row["name"] in ended.stdout
        assert row["reference_name"] in ended.stdout
        for figure in ("measured", "reference", "ratio"):
            assert row[figure]["least"] <= row[figure]["median"] <= row[figure]["most"]
