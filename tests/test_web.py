"""The tests of the JavaScript modules run in Node; here they are one test of this suite."""

import subprocess
from pathlib import Path

import pytest

from tests.support.left_out import node

WEB_TESTS = Path(__file__).parent / "web"


@pytest.mark.node
def test_the_modules_of_the_page_pass_their_own_tests() -> None:
    program = node()
    assert program is not None
    # In the folder and without arguments: what `--test FOLDER` means differs between versions of Node.
    finished = subprocess.run([program, "--test"], cwd=WEB_TESTS, capture_output=True, text=True, check=False)
    print(finished.stdout[-20_000:], finished.stderr)
    assert finished.returncode == 0
    assert "# fail 0" in finished.stdout or "ℹ fail 0" in finished.stdout
