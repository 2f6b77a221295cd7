import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import pytest

from server.up import python
from storage.embedded_postgres import prepare, running, started
from storage.errors import EmbeddedUnavailable
from tests.support.embedded_postgres import do, one, pid_of
from tests.support.lines import DEADLINE_SECONDS
from tests.support.postgres import url_of, value, wait_for
from tests.support.processes import watched_family

NOBODY = 65_534
PLAIN = min(user.pw_uid for user in pwd.getpwall() if user.pw_uid not in (0, NOBODY))
NAMELESS = max(user.pw_uid for user in pwd.getpwall()) + 12_345

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can start processes of other users")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and needs a kernel that ends orphans")


@on_linux
def test_it_is_ready_when_handed_over_and_gone_afterwards() -> None:
    with running() as postgres:
        assert one(postgres, "select current_database()") == "limner"
        watched = watched_family(pid_of(postgres))

    assert len(watched) > 1
    assert all(process.has_ended() for process in watched)
    assert not postgres.is_ready()


def test_what_is_to_last_is_written_out_and_checked_and_reads_the_same_everywhere(tmp_path: Path) -> None:
    postgres = prepare(tmp_path)
    with started(postgres):
        settings = {
            name: one(postgres, f"show {name}")
            for name in (
                "fsync",
                "full_page_writes",
                "synchronous_commit",
                "data_checksums",
                "server_encoding",
                "timezone",
            )
        }
        collation = one(postgres, "select datlocprovider::text || datlocale from pg_database where datname = 'limner'")

    assert settings == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "timezone": "UTC",
    }
    assert collation == "bC.UTF-8"


@on_linux
def test_what_was_committed_is_there_after_it_was_killed(postgres_dir: Path) -> None:
    postgres = prepare(postgres_dir)
    with started(postgres):
        do(postgres, "create table kept as select 'a line' as what")
        postmaster, *others = watched_family(pid_of(postgres))
        os.kill(postmaster.pid, signal.SIGKILL)
        assert all(process.has_ended() for process in (postmaster, *others))

    assert not postgres.is_ready()
    with started(prepare(postgres_dir)):
        assert one(postgres, "select what from kept") == "a line"


@on_linux
def test_it_does_not_outlive_a_process_that_was_killed(postgres_dir: Path) -> None:
    code = (
        "import pathlib, signal, sys; from storage.embedded_postgres import running\n"
        "with running(pathlib.Path(sys.argv[1])): print(flush=True); signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(postgres_dir)], env=python.environment(os.environ), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        watched = watched_family(process.pid)

        process.kill()

    assert len(watched) > 2
    assert all(process.has_ended() for process in watched)


def test_one_that_runs_is_not_disturbed_by_a_second_one(postgres_dir: Path) -> None:
    with running(postgres_dir) as first:
        second = prepare(postgres_dir)
        user, group = second.runs_as or (None, None)
        ended = subprocess.run(
            second.command,
            cwd=second.folder,
            env=second.environment,
            user=user,
            group=group,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )

        assert ended.returncode == 1
        assert 'lock file "postmaster.pid" already exists' in ended.stderr
        assert one(first, "select 1") == 1


@pytest.mark.parametrize("name", ['with space, "quotes" and ünï?#%20', "d" * 120])
def test_whatever_its_folder_is_called_it_is_reached_by_a_socket(
    postgres_made: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    folder = short_folder / name
    shutil.copytree(postgres_made, folder / postgres_made.name)

    with running(folder) as postgres:
        assert one(postgres, "select inet_server_addr()") is None
        assert one(postgres, "select 1") == 1


def test_where_no_socket_can_be_it_listens_on_loopback_behind_a_password(
    postgres_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 120)
    shutil.copytree(postgres_made, deep / postgres_made.name)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    with running(deep) as postgres:
        assert str(one(postgres, "select inet_server_addr()")) == "127.0.0.1"
        stranger = f"postgresql://limner:guessed@{postgres.url.rpartition('@')[2]}"
        with pytest.raises(asyncpg.InvalidPasswordError):
            wait_for(value(stranger, "select 1"))

    assert (postgres.folder / "password").stat().st_mode & 0o077 == 0


def test_what_went_wrong_with_a_row_is_not_told_in_its_log(postgres_dir: Path) -> None:
    postgres = prepare(postgres_dir, is_lasting=False)
    log = postgres_dir / "log"
    user, group = postgres.runs_as or (None, None)
    with (
        log.open("wb") as output,
        subprocess.Popen(
            postgres.command, cwd=postgres.folder, env=postgres.environment, user=user, group=group, stderr=output
        ) as process,
    ):
        try:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while not postgres.is_ready():
                assert time.monotonic() < deadline
            do(postgres, "create table kept (name text primary key)")
            with pytest.raises(asyncpg.UniqueViolationError):
                do(postgres, "insert into kept values ('her name'), ('her name')")
        finally:
            process.send_signal(signal.SIGINT)

    assert "ready to accept connections" in log.read_text()
    assert "kept" not in log.read_text()
    assert "her name" not in log.read_text()


def test_a_machine_it_was_not_built_for_is_told_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)

    with pytest.raises(EmbeddedUnavailable, match="LIMNER_DATABASE_URL") as raised:
        prepare(tmp_path)

    assert "\n" not in str(raised.value)


def test_a_test_has_a_database_for_itself(database_url: str, postgres_url: str) -> None:
    assert database_url != postgres_url
    assert wait_for(value(database_url, "select count(*) from worlds")) == 0
    assert wait_for(value(url_of(postgres_url, "postgres"), "select 1")) == 1
