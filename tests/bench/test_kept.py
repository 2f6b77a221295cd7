"""Whether `limner bench kept` works. How fast anything is, is no matter for a test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.limner import ROOT

NAMES = [
    *(f"POST /worlds → 201, 2 characters, 0.0 MB, p{share}" for share in (50, 99)),
    "upload of 4 portraits of 0.0 MB, 8 at once",
    *(f"board with states, one query, 5 characters, p{share}" for share in (50, 99)),
    *(f"GET /worlds/<id>, 5 characters, p{share}" for share in (50, 99)),
]


@pytest.mark.system
def test_every_row_is_measured_beside_its_reference(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"

    done = subprocess.run(
        [sys.executable, "-P", "-m", "bench", "kept", "--quick", "--json", str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
    )

    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert [row["name"] for row in rows] == NAMES
    assert all(row["measured"]["median"] > 0 and row["ratio"]["median"] > 0 for row in rows)
