from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console

from server.generate.display import display
from tests.server.generate.records import FIRST, MIRA, SET, news, told

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_without_a_terminal_each_stage_is_one_line() -> None:
    output = StringIO()
    with display(Console(file=output), 1, lambda: NOW) as shown:
        characters = told(news(SET, "succeeded", characters=[{**MIRA, "name": "[bold]Mira"}]))
        shown.show(characters)
        for progress in (0.1, 0.2, 0.3):
            characters.receive(news(FIRST, "processing", progress=progress, stage="painting the face"), 0.0)
            shown.show(characters)
        shown.note("Reconnecting…")
        shown.note("Reconnecting…")
        shown.note(None)
        characters.receive(news(FIRST, "succeeded", progress=1.0), 0.0)
        shown.show(characters)
    assert output.getvalue().splitlines() == [
        "The character: written",
        "[bold]Mira, elf ranger: waiting",
        "[bold]Mira, elf ranger: painting the face",
        "Reconnecting…",
        "[bold]Mira, elf ranger: painted",
    ]


def test_on_a_terminal_there_is_a_bar_with_name_stage_and_time_left() -> None:
    output = StringIO()
    console = Console(file=output, force_terminal=True, width=120, color_system=None, legacy_windows=False)
    with display(console, 1, lambda: NOW) as shown:
        shown.show(
            told(
                news(SET, "succeeded", progress=1.0, characters=[{**MIRA, "name": "[bold]Mira"}]),
                news(
                    FIRST,
                    "processing",
                    progress=0.42,
                    stage="painting the face",
                    expected_at=NOW + timedelta(seconds=38),
                ),
            )
        )
        shown.note("Reconnecting…")
    lines = output.getvalue().splitlines()
    parts = ("[bold]Mira, elf ranger", "42%", "painting the face", "38 s left")
    assert any(all(part in line for part in parts) for line in lines)
    assert any("Reconnecting…" in line for line in lines)
