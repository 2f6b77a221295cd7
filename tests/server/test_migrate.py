"""`limner migrate`, as whoever types it sees it."""

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from storage.migrations import all_migrations
from tests.support.postgres import execute, wait_for

pytestmark = pytest.mark.timeout(60)

NEWEST = all_migrations()[-1].number


def migrate(url: str) -> Result:
    return CliRunner().invoke(main, ["migrate"], env={"LIMNER_DATABASE_URL": url})


def test_it_says_what_it_has_applied_and_then_that_there_is_nothing_left_to_do(database_url: str) -> None:
    wait_for(execute(database_url, "drop schema public cascade; create schema public"))

    first, second = migrate(database_url), migrate(database_url)

    assert (first.exit_code, second.exit_code) == (0, 0)
    names = [f"{step.name} applied" for step in all_migrations()]
    assert first.stdout.splitlines() == [*names, "The schema is up to date."]
    assert second.stdout.splitlines() == ["The schema is up to date."]


def test_a_newer_schema_is_left_as_it_is(database_url: str) -> None:
    wait_for(execute(database_url, f"insert into migrations (number, name) values ({NEWEST + 1}, 'later')"))

    result = migrate(database_url)

    assert result.exit_code == 0
    assert result.stdout == f"The schema of Postgres is newer (step {NEWEST + 1}) than this Limner ({NEWEST}).\n"


@pytest.mark.parametrize("url", ["", "mysql://limner:verysecret@127.0.0.1/limner"])
def test_a_setting_that_cannot_be_is_refused(url: str) -> None:
    result = migrate(url)

    assert result.exit_code == 2
    assert result.stderr.startswith("LIMNER_DATABASE_URL: must be ")
    assert "verysecret" not in result.output


def test_a_postgres_that_is_away_is_another_matter() -> None:
    result = migrate("postgresql://limner:verysecret@127.0.0.1:1/limner")

    assert result.exit_code == 1
    assert result.stderr.startswith("Postgres cannot be reached: ")
    assert "verysecret" not in result.output
