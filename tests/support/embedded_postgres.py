"""Fixtures and helpers for tests of the embedded Postgres itself."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.embedded_postgres import EmbeddedPostgres, prepare
from tests.support.postgres import execute, value, wait_for


@pytest.fixture
def short_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data to copy: that is sooner done than to make them."""
    folder = tmp_path_factory.mktemp("made")
    prepare(folder, is_lasting=False)
    return folder / "postgres"


@pytest.fixture
def postgres_dir(postgres_made: Path, tmp_path: Path) -> Path:
    """A folder with Postgres' data, which look to root as if they were put back from a copy: they belong to root."""
    shutil.copytree(postgres_made, tmp_path / postgres_made.name)
    return tmp_path


def one(postgres: EmbeddedPostgres, sql: str) -> object:
    return wait_for(value(postgres.url, sql))


def do(postgres: EmbeddedPostgres, sql: str) -> None:
    wait_for(execute(postgres.url, sql))


def pid_of(postgres: EmbeddedPostgres) -> int:
    return int((postgres.folder / "postmaster.pid").read_text().partition("\n")[0])
