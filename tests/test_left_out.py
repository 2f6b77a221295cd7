"""What a run of the tests says about those it could not run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.up import python

TESTS = """
import pytest

@pytest.mark.browser
def test_in_a_browser(): pass

@pytest.mark.node
def test_in_node(): pass

@pytest.mark.node
def test_more_in_node(): pass

def test_anywhere(): pass
"""
INI = "[pytest]\nmarkers =\n    browser: of a browser\n    node: of Node\n"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "test_parts.py").write_text(TESTS)
    return tmp_path


def run(
    suite: Path, *arguments: str, programs: dict[str, str] | None = None, ci: str = "", **environment: str
) -> tuple[int, list[str]]:
    """Exit status and lines of a run on a machine that has `programs` only, shell scripts by name."""
    path = suite / "bin"
    path.mkdir()
    for name, script in (programs or {}).items():
        (path / name).write_text(f"#!/bin/sh\n{script}\n")
        (path / name).chmod(0o755)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("LIMNER_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.left_out", "-p", "no:cacheprovider", *arguments]
    ended = subprocess.run(
        command,
        cwd=suite,
        env=python.environment({**ours, "PATH": str(path), "CI": ci, **environment}),
        capture_output=True,
        text=True,
    )
    return ended.returncode, ended.stdout.splitlines()


def test_what_was_left_out_stands_in_the_last_lines_with_how_to_get_it(suite: Path) -> None:
    status, lines = run(suite)

    assert status == 0
    assert "1 passed, 3 deselected" in lines[-3]
    assert lines[-2].startswith("Left out: 1 browser test, for want of Chromium: install it")
    assert lines[-1].startswith("Left out: 2 node tests, for want of Node 20 or newer: install it")


def test_in_ci_leaving_anything_out_is_a_failure(suite: Path) -> None:
    status, lines = run(suite, programs={"node": "echo v20.1.0"}, ci="true")

    assert status == 1
    assert lines[-1] == "With CI=true nothing may be left out: this run has failed."


def test_where_everything_is_there_nothing_is_said(suite: Path) -> None:
    status, lines = run(suite, programs={"node": "echo v22.0.0", "google-chrome": ""}, ci="true")

    assert status == 0
    assert "4 passed" in lines[-1]


@pytest.mark.parametrize(("pgbouncer", "status"), [("/nowhere/pgbouncer", 1), ("/bin/sh", 0)])
def test_the_pgbouncer_that_is_named_is_the_one_that_counts(suite: Path, pgbouncer: str, status: int) -> None:
    (suite / "test_parts.py").write_text("import pytest\n@pytest.mark.pgbouncer\ndef test_behind(): pass\n")
    (suite / "pytest.ini").write_text("[pytest]\nmarkers =\n    pgbouncer: of PgBouncer\n")
    ended, lines = run(suite, ci="true", LIMNER_PGBOUNCER=pgbouncer)

    assert ended == status
    assert ("Left out: 1 pgbouncer test, for want of PgBouncer: install it" in "\n".join(lines)) == bool(status)


@pytest.mark.parametrize(("nginx", "status"), [("/nowhere/nginx", 1), ("/bin/sh", 0)])
def test_the_nginx_that_is_named_is_the_one_that_counts(suite: Path, nginx: str, status: int) -> None:
    (suite / "test_parts.py").write_text("import pytest\n@pytest.mark.nginx\ndef test_behind(): pass\n")
    (suite / "pytest.ini").write_text("[pytest]\nmarkers =\n    nginx: of nginx\n")
    ended, lines = run(suite, ci="true", LIMNER_NGINX=nginx)

    assert ended == status
    assert ("Left out: 1 nginx test, for want of nginx: install it" in "\n".join(lines)) == bool(status)


def test_a_node_that_is_too_old_counts_as_none(suite: Path) -> None:
    assert run(suite, programs={"node": "echo v18.19.0"})[1][-1].startswith("Left out: 2 node tests")


def test_what_was_not_asked_for_is_not_left_out(suite: Path) -> None:
    status, lines = run(suite, "-m", "not browser and not node", ci="true")

    assert status == 0
    assert "Left out" not in "\n".join(lines)
