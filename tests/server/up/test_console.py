import io

import pytest

from server.up.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_names_are_aligned_and_plain_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    console = Console(out, ["server", "worker-1"])

    console.show("server", "listening")
    console.show("worker-1", "ready")
    console.say("Limner is ready.")

    assert out.getvalue() == "server   │ listening\nworker-1 │ ready\nLimner is ready.\n"


def test_a_terminal_gets_a_colour_for_each_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    console = Console(out, ["server", "worker-1"])

    console.show("server", "line")
    console.show("worker-1", "line")

    first, second = out.getvalue().splitlines()
    assert first.startswith("\x1b[36mserver ")
    assert second.startswith("\x1b[32mworker-1 ")


def test_colours_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()

    Console(out, ["server"]).show("server", "line")

    assert out.getvalue() == "server │ line\n"
