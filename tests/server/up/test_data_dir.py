import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.up.data_dir import DataDir
from server.up.errors import CannotStart


@contextmanager
def taken(path: Path) -> Iterator[DataDir]:
    data_dir = DataDir(path)
    try:
        yield data_dir
    finally:
        os.close(data_dir.lock_fd)


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with taken(tmp_path / "deep" / "data") as data_dir:
        assert data_dir.path.stat().st_mode & 0o777 == 0o700


def test_only_one_may_use_it(tmp_path: Path) -> None:
    with taken(tmp_path), pytest.raises(CannotStart, match="is in use by another Limner"):
        DataDir(tmp_path)


def test_it_is_free_again_when_the_one_before_has_ended(tmp_path: Path) -> None:
    with taken(tmp_path):
        pass
    with taken(tmp_path):
        pass


def test_a_child_that_was_given_the_lock_holds_it_on(tmp_path: Path) -> None:
    with taken(tmp_path) as data_dir:
        survivor = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[data_dir.lock_fd]
        )
    with survivor:
        with pytest.raises(CannotStart, match="is in use"):
            DataDir(tmp_path)
        survivor.communicate(b"\n")
    with taken(tmp_path):
        pass


def test_what_is_no_folder_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CannotStart, match="cannot be used: Not a directory"):
        DataDir(tmp_path / "file" / "data")


def test_the_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with taken(tmp_path) as data_dir:
        secret = data_dir.secret()
    with taken(tmp_path) as data_dir:
        assert data_dir.secret() == secret

    assert len(secret) >= 32
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_an_empty_secret_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()

    with taken(tmp_path) as data_dir:
        assert len(data_dir.secret()) >= 32
