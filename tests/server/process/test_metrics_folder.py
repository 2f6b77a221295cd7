"""What a parent that was killed has left goes at the next start; what somebody holds stays."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from server.process.metrics_folder import PREFIX, metrics_folder
from tests.support.limner import ROOT

HOLD = """
import sys
from server.process.metrics_folder import metrics_folder
with metrics_folder() as folder:
    (folder / "figures.db").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_folder_is_the_owners_alone_and_goes_with_its_holder(temporary: Path) -> None:
    with metrics_folder() as folder:
        assert (folder.parent, folder.stat().st_mode & 0o777) == (temporary, 0o700)
        (folder / "figures.db").touch()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_holder_left_goes_and_what_a_living_one_holds_stays(temporary: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            held = Path(holder.stdout.readline().strip())
            with metrics_folder() as folder:
                assert set(temporary.iterdir()) == {held, folder}
            holder.kill()
            holder.wait()
            assert held.exists()
            with metrics_folder() as folder:
                assert set(temporary.iterdir()) == {folder}
        finally:
            holder.kill()


def test_nothing_is_touched_but_folders_of_that_name(temporary: Path) -> None:
    others = {temporary / "limner", temporary / f"{PREFIX}file", temporary / f"{PREFIX}link"}
    (temporary / "limner").mkdir()
    (temporary / f"{PREFIX}file").touch()
    (temporary / f"{PREFIX}link").symlink_to(temporary / "limner")
    with metrics_folder():
        pass
    assert set(temporary.iterdir()) == others
