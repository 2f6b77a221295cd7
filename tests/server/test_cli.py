"""What the command line says of a value that cannot be."""

import pytest
from click.testing import CliRunner

from server.cli import main


@pytest.mark.parametrize(
    ("command", "variable", "value", "option"),
    [
        ("serve", "LIMNER_PROCESSES", "abc", "--processes"),
        ("serve", "LIMNER_PROCESSES", "0", "--processes"),
        ("serve", "LIMNER_PORT", "x", "--port"),
        ("serve", "LIMNER_OPEN", "maybe", "--open"),
        ("up", "LIMNER_PORT", "70000", "--port"),
        ("up", "LIMNER_WORKERS", "many", "--workers"),
        ("up", "LIMNER_GRACE_SECONDS", "soon", "--grace"),
        ("up", "LIMNER_DATA_DIR", __file__, "--data-dir"),
    ],
)
def test_a_bad_variable_is_refused_by_its_own_name(command: str, variable: str, value: str, option: str) -> None:
    refused = CliRunner().invoke(main, [command], env={variable: value})
    assert refused.exit_code == 2
    assert f"Invalid value for {variable}: " in refused.stderr
    assert option not in refused.stderr


def test_a_bad_option_is_refused_by_its_own_name_whatever_the_variable_says() -> None:
    refused = CliRunner().invoke(main, ["serve", "--port", "x"], env={"LIMNER_PORT": "8000"})
    assert refused.exit_code == 2
    assert "Invalid value for '--port': " in refused.stderr
    assert "LIMNER_PORT" not in refused.stderr
