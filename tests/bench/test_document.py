import json
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.document import COMMAND, SECTIONS, write
from bench.figures import alone, row
from bench.page import PAGE, filled, marks

ROWS = [
    row("naps", "s", [4.1, 4.3], "ideal", [4.0, 4.0], "≤ 1.1 ×"),
    row("naps", "s", [4.1, 4.3], "bare arq", [7.5, 7.6]),
    alone("SIGKILL", "s", [10.5], "≤ 15 s"),
]
BEGIN, END = marks(SECTIONS[0], COMMAND)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "performance.md"
    page.write_text(f"# Head\n\n{BEGIN}\n\nold\n\n{END}\n\nTail\n")
    return page


def written(tmp_path: Path, page: Path, found: object) -> str:
    """What the command says."""
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps(found))
    return CliRunner().invoke(write, [str(file), "--page", str(page)], catch_exceptions=False).output


def test_the_rows_of_a_run_are_written_into_the_page_with_the_machine_they_are_from(tmp_path: Path, page: Path) -> None:
    assert written(tmp_path, page, {"machine": {"cores": 2}, "rows": [asdict(one) for one in ROWS]}) == ""
    text = page.read_text()
    assert text.startswith(f"# Head\n\n{BEGIN}\n")
    assert text.endswith(f"\n{END}\n\nTail\n")
    assert "old" not in text
    assert "cores 2" in text
    assert [line for line in text.splitlines() if " s |" in line] == [
        "| naps | 4.2 (4.1 … 4.3) s | 4 (4 … 4) s | ideal | 1.05 (1.02 … 1.07) × | ≤ 1.1 × |",
        "|  |  | 7.55 (7.5 … 7.6) s | bare arq | 0.556 (0.547 … 0.566) × |  |",
        "| SIGKILL | 10.5 (10.5 … 10.5) s | – |  | – | ≤ 15 s |",
    ]


def test_a_file_that_is_no_run_is_refused_and_the_page_stays(tmp_path: Path, page: Path) -> None:
    before = page.read_text()
    assert "is not what `./limner bench jobs --json FILE` writes" in written(tmp_path, page, {"rows": 1})
    assert page.read_text() == before


def test_a_page_without_its_marks_is_refused(tmp_path: Path, page: Path) -> None:
    page.write_text("# Head\n")
    assert "once, in this order" in written(tmp_path, page, {"machine": {}, "rows": []})


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_of_the_project_has_the_marks(section: str) -> None:
    assert "what was found" in filled(PAGE.read_text(), section, "what was found", COMMAND)
