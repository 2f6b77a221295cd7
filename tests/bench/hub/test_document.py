import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.figures import alone, row, spread
from bench.hub.document import COMMAND, FIGURES, STAGES, plot
from bench.hub.findings import Chart, Findings, Point
from bench.hub.targets import PEERS
from bench.page import PAGE, filled, marks

FINDINGS = Findings(
    [
        row("CPU per delivery", "µs", [6.0], "C relay", [4.0], "≤ 1.8 ×"),
        row("CPU per delivery", "µs", [6.0], "Peer | Co", [12.0]),
        alone("of a delivery: read and parse, user", "µs", [0.5]),
        alone("GET /jobs/<id>", "µs", [250.0]),
    ],
    [Point(Chart.CPU, "Limner", 1_000, spread([6.0])), Point(Chart.CPU, "Limner", 10_000, spread([9.0]))],
)


BEGIN, END = marks(FIGURES, COMMAND)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "performance.md"
    first, last = marks(STAGES, COMMAND)
    page.write_text(f"# Head\n\n{BEGIN}\n\nold\n\n{END}\n\n## Pieces\n\n{first}\n{last}\n\nTail\n")
    return page


def write(tmp_path: Path, page: Path, found: object) -> str:
    file = tmp_path / "hub.json"
    file.write_text(json.dumps(found))
    return CliRunner().invoke(plot, [str(file), "--page", str(page)], catch_exceptions=False).output


def test_the_figures_of_a_run_are_written_into_the_page_and_drawn_beside_it(tmp_path: Path, page: Path) -> None:
    found = {"machine": {"system": "Linux", "cores": 2}, **asdict(FINDINGS)}
    assert write(tmp_path, page, found) == ""
    text = page.read_text()
    assert text.startswith(f"# Head\n\n{BEGIN}\n")
    assert text.endswith(f"\n{marks(STAGES, COMMAND)[1]}\n\nTail\n")
    assert f"\n{END}\n\n## Pieces\n" in text
    assert "old" not in text
    assert "system Linux, cores 2" in text
    assert "](performance.svg)" in text
    assert page.with_suffix(".svg").read_text().startswith("<svg")


def test_what_something_is_wanted_of_comes_first_and_then_everything(tmp_path: Path, page: Path) -> None:
    write(tmp_path, page, {"machine": {}, **asdict(FINDINGS)})
    everything = page.read_text().partition("## Pieces")[0]
    wanted, everything = everything.split("<details>")
    relay = "| CPU per delivery | 6 (6 … 6) µs | 4 (4 … 4) µs | C relay | 1.5 (1.5 … 1.5) × | ≤ 1.8 × |"
    assert [line for line in wanted.splitlines() if "µs" in line] == [relay]
    assert [line for line in everything.splitlines() if "µs" in line] == [
        relay,
        "|  |  | 12 (12 … 12) µs | Peer \\| Co | 0.5 (0.5 … 0.5) × |  |",
        "| of a delivery: read and parse, user | 0.5 (0.5 … 0.5) µs | – |  | – |  |",
        "| GET /jobs/&lt;id> | 250 (250 … 250) µs | – |  | – |  |",
    ]


def test_what_the_pieces_of_a_delivery_cost_stands_apart_a_second_time(tmp_path: Path, page: Path) -> None:
    write(tmp_path, page, {"machine": {}, **asdict(FINDINGS)})
    pieces = page.read_text().partition("## Pieces")[2]
    assert [line for line in pieces.splitlines() if "µs" in line] == [
        "| of a delivery: read and parse, user | 0.5 (0.5 … 0.5) µs | – |  | – |  |"
    ]


def test_a_run_without_the_pieces_says_so(tmp_path: Path, page: Path) -> None:
    write(tmp_path, page, {"machine": {}, "rows": [], "points": []})
    assert "`stages` was not measured" in page.read_text().partition("## Pieces")[2]


def test_the_same_run_written_again_changes_nothing(tmp_path: Path, page: Path) -> None:
    found = {"machine": {}, **asdict(FINDINGS)}
    write(tmp_path, page, found)
    once = page.read_text()
    write(tmp_path, page, found)
    assert page.read_text() == once


def test_a_file_that_is_no_run_is_refused_and_the_page_stays(tmp_path: Path, page: Path) -> None:
    before = page.read_text()
    assert "is not what `./limner bench hub --json FILE` writes" in write(tmp_path, page, {"rows": 1})
    assert page.read_text() == before
    assert not page.with_suffix(".svg").exists()


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"])
def test_a_page_without_its_two_marks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="once, in this order"):
        filled(text, FIGURES, "what was found", COMMAND)


@pytest.mark.parametrize("name", [FIGURES, STAGES])
def test_the_page_of_the_project_has_the_marks(name: str) -> None:
    assert "what was found" in filled(PAGE.read_text(), name, "what was found", COMMAND)


@pytest.mark.parametrize("name", [peer.name for peer in PEERS])
def test_the_page_of_the_project_says_what_each_peer_is(name: str) -> None:
    assert f"| {re.sub(r' [0-9.]+', '', name)} |" in PAGE.read_text()
