from pathlib import Path

import pytest

from server.up.python import ROOT
from tests.run import SHARES, side_by_side


def test_every_test_is_in_one_share_and_no_more() -> None:
    *some, rest = SHARES
    folders = [folder for share in some for folder in share]

    assert sorted(rest) == sorted(["tests", *(f"--ignore={folder}" for folder in folders)])
    assert len(set(folders)) == len(folders)
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_a_share_that_fails_fails_the_whole_and_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    passes, fails = tmp_path / "test_passes.py", tmp_path / "test_fails.py"
    passes.write_text("def test_that_passes(): pass\n")
    fails.write_text("def test_that_fails(): assert False\n")

    assert side_by_side([[str(passes)], [str(fails)]]) == 1
    assert side_by_side([[str(fails)], [str(passes)]]) == 1
    assert side_by_side([[str(passes)], [str(passes)]]) == 0
    assert "test_that_fails" in capfd.readouterr().out
