"""The steps of the schema: numbered without gaps, and none that the version before could not live with."""

from importlib import resources

import pytest

from storage import migrations
from storage.migrations import all_migrations
from tests.support.schema_steps import breaking


def test_the_steps_are_numbered_from_one_without_a_gap() -> None:
    assert [step.number for step in all_migrations()] == list(range(1, len(all_migrations()) + 1))


def test_no_file_is_passed_over() -> None:
    files = {file.name for file in resources.files(migrations).iterdir() if file.name.endswith(".sql")}

    assert {f"{step.name}.sql" for step in all_migrations()} == files


def test_no_step_after_the_first_breaks_the_version_before() -> None:
    assert {step.name: why for step in all_migrations()[1:] if (why := breaking(step.sql))} == {}


@pytest.mark.parametrize(
    "sql",
    [
        "alter table media drop column input;",
        "alter table media drop input;",
        "ALTER TABLE media\n  RENAME COLUMN input TO wish;",
        "alter table media rename to pictures;",
        "drop table removals;",
        "alter table media alter column input set not null;",
        "alter table media add column colour text not null;",
        "alter table media add column if not exists colour text not null;",
        "alter table media add a text not null, add b text not null default '';",
        "alter table media alter column bytes type integer;",
        "alter table media alter bytes set data type integer;",
        "alter table media add constraint small check (bytes < 10);",
        "create index i on media (kind); alter table media alter column status drop default;",
        "-- contract:\nalter table media drop column input;",
        "create table t (a int);\n-- contract: too late\ndrop table media;",
        "truncate removals;",
        "create unique index worlds_by_name on worlds (owner, name);",
    ],
)
def test_what_breaks_the_version_before_is_found(sql: str) -> None:
    assert breaking(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "alter table media add column colour text;",
        "alter table media add column colour text not null default 'red';",
        "create table shots (id uuid primary key, name text not null);",
        "create index media_by_colour on media (colour);",
        "-- We do not drop column input yet.\nalter table media add column colour text;",
        "drop index media_by_job;",
        "create table shots (id uuid, name text); create unique index shots_by_name on shots (name);",
        "update media set colour = 'red';",
        "-- contract: nobody reads it since 0.3\nalter table media drop column input;",
    ],
)
def test_what_the_version_before_can_live_with_is_let_be(sql: str) -> None:
    assert breaking(sql) == []
