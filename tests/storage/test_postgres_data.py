import asyncio
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.up import python
from storage.embedded_postgres import prepare, running
from storage.errors import EmbeddedUnavailable
from tests.support.embedded_postgres import one, pid_of
from tests.support.lines import DEADLINE_SECONDS
from tests.support.other_user import in_a_fork
from tests.support.postgres import value
from tests.support.processes import watched_family

NOBODY = 65_534
PLAIN = min(user.pw_uid for user in pwd.getpwall() if user.pw_uid not in (0, NOBODY))
NAMELESS = max(user.pw_uid for user in pwd.getpwall()) + 12_345

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can start processes of other users")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and needs a kernel that ends orphans")


@on_linux
@as_root
def test_root_has_it_run_by_another_user_in_a_folder_closed_to_that_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with running(tmp_path) as postgres:
        assert Path(f"/proc/{pid_of(postgres)}").stat().st_uid == NOBODY

    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_uid for path in (postgres.folder, *postgres.folder.rglob("*"))} == {NOBODY}
    assert postgres.folder.stat().st_mode & 0o077 == 0


@on_linux
@as_root
def test_a_plain_user_runs_it_as_itself(short_folder: Path) -> None:
    os.chown(short_folder, PLAIN, PLAIN)

    def run() -> None:
        with running(short_folder) as postgres:
            assert postgres.runs_as is None
            assert asyncio.run(value(postgres.url, "select 1")) == 1
            assert Path(f"/proc/{pid_of(postgres)}").stat().st_uid == PLAIN

    in_a_fork(PLAIN, run)
    assert (short_folder / "postgres" / "PG_VERSION").stat().st_uid == PLAIN


@as_root
def test_data_that_a_plain_user_made_stay_its_own_under_root(short_folder: Path) -> None:
    os.chown(short_folder, PLAIN, PLAIN)
    in_a_fork(PLAIN, lambda: prepare(short_folder))

    with running(short_folder) as postgres:
        assert postgres.runs_as == (PLAIN, PLAIN)
        assert one(postgres, "select 1") == 1


@as_root
def test_a_user_without_a_name_is_told_what_to_do(short_folder: Path) -> None:
    os.chown(short_folder, NAMELESS, NAMELESS)

    def fail() -> None:
        with pytest.raises(EmbeddedUnavailable, match=rf"the user {NAMELESS}, .* LIMNER_DATABASE_URL"):
            prepare(short_folder)

    in_a_fork(NAMELESS, fail)


def test_data_that_were_put_back_from_a_copy_are_used(postgres_dir: Path) -> None:
    with running(postgres_dir) as postgres:
        assert one(postgres, "select 1") == 1


@on_linux
def test_data_whose_making_was_cut_short_are_made_anew(tmp_path: Path) -> None:
    code = "import pathlib, sys; from storage.embedded_postgres import prepare; prepare(pathlib.Path(sys.argv[1]))"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=python.environment(os.environ)) as process:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not list(tmp_path.glob("postgres.new-*/data/base")):
            assert process.poll() is None
            assert time.monotonic() < deadline
        watched = watched_family(process.pid)
        process.kill()
    assert all(process.has_ended() for process in watched)
    assert not (tmp_path / "postgres").exists()

    with running(tmp_path) as postgres:
        assert one(postgres, "select 1") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


def test_data_of_another_version_are_named_and_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("13\n")

    with pytest.raises(EmbeddedUnavailable, match=r"those of Postgres 13, and this is Postgres \d\d: ") as raised:
        prepare(tmp_path)

    assert "\n" not in str(raised.value)
    assert [path.name for path in folder.iterdir()] == ["PG_VERSION"]


def test_a_folder_of_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter").write_text("dear")

    with pytest.raises(EmbeddedUnavailable, match="holds other things"):
        prepare(tmp_path, is_lasting=False)

    assert [path.name for path in tmp_path.rglob("*")] == ["postgres", "letter"]


@on_linux
@pytest.mark.parametrize("holds", ["the number of another process", "nothing"])
def test_the_locks_of_a_dead_one_do_not_keep_the_next_from_starting(postgres_dir: Path, holds: str) -> None:
    user = NOBODY if os.getuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=user) as other:
        for lock in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (postgres_dir / "postgres" / lock).write_text(
                "" if holds == "nothing" else f"{other.pid}\n/gone\n1\n5432\n"
            )
        try:
            with running(postgres_dir) as postgres:
                assert one(postgres, "select 1") == 1
        finally:
            other.kill()
