from pathlib import Path

import pytest

from server.up import stores
from server.up.data_dir import DataDir
from server.up.errors import CannotStart
from tests.support.postgres import execute, url_of, value, wait_for


def test_a_postgres_of_the_operators_own_gets_the_schema_and_no_part(tmp_path: Path, empty_database_url: str) -> None:
    assert stores.database(DataDir(tmp_path), empty_database_url) == ([], empty_database_url)

    assert wait_for(value(empty_database_url, "select count(*) from worlds")) == 0


def test_a_database_that_cannot_serve_is_refused_with_the_reason(tmp_path: Path, postgres_url: str) -> None:
    unfit = "encoding 'SQL_ASCII' locale_provider libc locale 'C' template template0"
    wait_for(execute(postgres_url, f"create database unfit {unfit}"))

    with pytest.raises(CannotStart, match="Limner needs UTF8"):
        stores.database(DataDir(tmp_path), url_of(postgres_url, "unfit"))

    wait_for(execute(postgres_url, "drop database unfit"))


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="LIMNER_DATABASE_URL: "):
        stores.database(DataDir(tmp_path), "mysql://127.0.0.1/limner")
