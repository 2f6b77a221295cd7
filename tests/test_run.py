from pathlib import Path

import pytest

from server.up.python import ROOT
from tests.run import FOLDERS, shares, side_by_side


def test_every_test_is_in_one_share_and_no_more() -> None:
    everything = {path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")}
    held = [path for share in shares() for path in everything if _holds(share, path)]

    assert sorted(held) == sorted(everything)
    assert all((ROOT / folder).is_dir() for folder in FOLDERS)


def _holds(share: list[str], path: Path) -> bool:
    folder, *ignored = (ROOT / part.removeprefix("--ignore=") for part in share)
    whole = ROOT / path
    return whole.is_relative_to(folder) and not any(whole.is_relative_to(other) for other in ignored)


async def test_a_share_that_fails_fails_the_whole_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passes, fails = tmp_path / "test_passes.py", tmp_path / "test_fails.py"
    passes.write_text("def test_that_passes(): pass\n")
    fails.write_text("def test_that_fails(): assert False\n")

    assert await side_by_side([[str(passes)], [str(fails)]]) == 1
    assert await side_by_side([[str(fails)], [str(passes)]]) == 1
    assert await side_by_side([[str(passes)], [str(passes)]]) == 0
    assert "test_that_fails" in capsys.readouterr().out
