"""`limner doctor`: each fault in words, found by looking at real parts."""

import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.doctor.parts import apart
from storage.migrations import all_migrations
from tests.support.limner import Server, free_port
from tests.support.postgres import execute, wait_for
from tests.support.seaweed import Bucket

pytestmark = pytest.mark.timeout(90)

NEWEST = all_migrations()[-1].number


def doctor(environment: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments], env=dict(environment))


def part(result: Result, name: str) -> dict[str, Any]:
    (found,) = [one for one in json.loads(result.stdout)["parts"] if one["part"] == name]
    return dict(found)


@pytest.fixture
def whole(redis_url: str, prefix: str, database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a Limner that has everything."""
    return {
        "LIMNER_REDIS_URL": redis_url,
        "LIMNER_REDIS_PREFIX": prefix,
        "LIMNER_DATABASE_URL": database_url,
        "LIMNER_OBJECTS_DIR": str(tmp_path / "objects"),
    }


@pytest.fixture
def served(whole: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same, while a server is there."""
    port = free_port()
    environment = {**whole, "LIMNER_PORT": str(port), "LIMNER_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with Server(environment, port=port):
        yield environment


def test_where_all_is_well_it_says_so_of_each_part_and_leaves_nothing_behind(served: dict[str, str]) -> None:
    result, for_programs = doctor(served), doctor(served, "--json")

    assert result.exit_code == 0, result.output
    told = [line for line in result.stdout.splitlines() if not line.startswith("  ")]
    assert told == ["Redis: ok", "Postgres: ok", "object store: ok", "public URL: ok", "clocks: ok"]
    told = json.loads(for_programs.stdout)
    assert for_programs.exit_code == 0
    assert told["ok"] is True
    assert [one["part"] for one in told["parts"]] == ["Redis", "Postgres", "object store", "public URL", "clocks"]
    assert {one["ok"] for one in told["parts"]} == {True}
    assert [file for file in Path(served["LIMNER_OBJECTS_DIR"]).rglob("*") if file.is_file()] == []


def test_everything_that_is_away_is_named_at_once_and_no_secret_is(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    result = doctor(
        {
            "LIMNER_REDIS_URL": f"redis://:verysecret@{nowhere}",
            "LIMNER_DATABASE_URL": f"postgresql://limner:verysecret@{nowhere}/limner",
            "LIMNER_S3_BUCKET": "worlds",
            "LIMNER_S3_ENDPOINT_URL": f"http://{nowhere}",
            "LIMNER_S3_ACCESS_KEY_ID": "verysecret",
            "LIMNER_S3_SECRET_ACCESS_KEY": "verysecret",
            "LIMNER_S3_PUBLIC_URL": f"http://{nowhere}/worlds",
            "LIMNER_PUBLIC_URL": f"http://{nowhere}",
            "LIMNER_OBJECTS_SECONDS": "2",
        }
    )

    assert result.exit_code == 1
    redis, postgres, objects, public, clocks = result.stdout.splitlines()
    assert redis.startswith("Redis: Redis cannot be reached: ")
    assert redis.endswith("Look whether it runs, and whether LIMNER_REDIS_URL is right.")
    assert postgres.startswith("Postgres: Postgres cannot be reached: ")
    assert postgres.endswith("Look whether it runs, and whether LIMNER_DATABASE_URL is right.")
    assert objects.startswith("object store: The object store cannot be used: 127.0.0.1 cannot be reached")
    assert public.startswith(f"public URL: http://{nowhere}/health cannot be reached from here: ")
    assert clocks == "clocks: ok"
    assert "verysecret" not in result.output


def test_what_is_not_set_is_no_fault_but_is_said(redis_url: str) -> None:
    result = doctor({"LIMNER_REDIS_URL": redis_url})

    assert result.exit_code == 0, result.output
    for words in ("LIMNER_DATABASE_URL is not set", "LIMNER_S3_BUCKET is set", "LIMNER_PUBLIC_URL is not set"):
        assert words in result.stdout


def test_settings_that_cannot_be_are_refused_as_by_the_server(redis_url: str) -> None:
    result = doctor({"LIMNER_REDIS_URL": redis_url, "LIMNER_DATABASE_URL": "postgresql://127.0.0.1/limner"})

    assert result.exit_code == 2
    assert "LIMNER_OBJECTS_DIR: must be set where LIMNER_DATABASE_URL is" in result.stderr


def test_a_schema_that_is_behind_is_a_fault_and_one_ahead_a_remark(whole: dict[str, str]) -> None:
    url = whole["LIMNER_DATABASE_URL"]
    wait_for(execute(url, f"insert into migrations (number, name) values ({NEWEST + 1}, 'later')"))
    ahead = part(doctor(whole, "--json"), "Postgres")
    wait_for(execute(url, "delete from migrations"))
    behind = part(doctor(whole, "--json"), "Postgres")

    assert (ahead["ok"], ahead["faults"]) == (True, [])
    assert ahead["remarks"] == [f"The schema of Postgres is newer (step {NEWEST + 1}) than this Limner ({NEWEST})."]
    assert behind["ok"] is False
    assert behind["faults"] == [f"The schema of Postgres is at step 0 of {NEWEST}: run `./limner migrate` first."]


def test_a_user_without_rights_is_named(whole: dict[str, str]) -> None:
    url, user = whole["LIMNER_DATABASE_URL"], f"user_{secrets.token_hex(4)}"
    wait_for(execute(url, f"create user {user}"))
    try:
        told = part(
            doctor({**whole, "LIMNER_DATABASE_URL": url.replace("//limner@", f"//{user}@")}, "--json"), "Postgres"
        )
    finally:
        wait_for(execute(url, f"drop user {user}"))

    (fault,) = told["faults"]
    assert "may not read and write the tables lore_pieces, media, migrations, removals, world_keys, worlds" in fault


def test_local_objects_want_a_server(whole: dict[str, str]) -> None:
    port = free_port()

    told = part(doctor({**whole, "LIMNER_PORT": str(port)}, "--json"), "object store")

    (fault,) = told["faults"]
    assert fault.startswith(f"Nothing answers at http://127.0.0.1:{port}/objects: ")
    assert fault.endswith("start it, and ask again.")


def test_a_folder_that_cannot_be_one_is_named(whole: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    told = part(doctor({**whole, "LIMNER_OBJECTS_DIR": str(tmp_path / "file" / "objects")}, "--json"), "object store")

    (fault,) = told["faults"]
    assert fault.startswith("LIMNER_OBJECTS_DIR: cannot be used: ")


def test_each_fault_of_a_bucket_is_named(whole: dict[str, str], bucket: Bucket) -> None:
    environment = {name: value for name, value in whole.items() if name != "LIMNER_OBJECTS_DIR"}
    environment |= bucket.environment

    def fault(**changes: str) -> str:
        (found,) = part(doctor({**environment, **changes}, "--json"), "object store")["faults"]
        return str(found)

    # To a key that may not see it, a bucket that does not exist looks like one that it may not use.
    assert "may not do this in the bucket nothing" in fault(LIMNER_S3_BUCKET="nothing")
    refused = fault(LIMNER_S3_SECRET_ACCESS_KEY="verysecret")
    assert "the signature is not accepted" in refused
    assert "verysecret" not in refused
    assert "the key in LIMNER_S3_ACCESS_KEY_ID is not known there" in fault(LIMNER_S3_ACCESS_KEY_ID="verysecret")
    assert fault(LIMNER_S3_PUBLIC_URL=f"http://127.0.0.1:{free_port()}/b").startswith("Browsers cannot fetch objects: ")
    assert fault() == (f"Browsers may not fetch objects: {bucket.public_url} answers 403. Let everybody read there."), (
        "this bucket is for those with a key only"
    )
    assert bucket.keys() == []


def test_a_bucket_that_everybody_may_read_is_well(whole: dict[str, str], bucket: Bucket) -> None:
    environment = {name: value for name, value in whole.items() if name != "LIMNER_OBJECTS_DIR"}
    reading = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket.name}/*",
    }
    bucket.admin.put_bucket_policy(
        Bucket=bucket.name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [reading]})
    )

    told = part(doctor({**environment, **bucket.environment}, "--json"), "object store")

    assert (told["ok"], told["faults"]) == (True, [])
    assert bucket.keys() == []


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (100.0, None),
        (95.5, None),
        (106.0, None),
        (110.0, "The clock of Redis is 8 s ahead of the one here: set both by NTP."),
        (90.0, "The clock of Redis is 10 s behind the one here: set both by NTP."),
    ],
)
def test_clocks_that_are_far_apart_are_remarked_on(theirs: float, said: str | None) -> None:
    assert apart("Redis", theirs, before=100.0, after=102.0) == said
