import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest
from redis import Redis

from storage.embedded import running
from tests.support.postgres import execute, value, wait_for
from tests.support.processes import children, watched_family
from tests.support.up import refused, up

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and needs a kernel that ends orphans"),
]

PARTS = ("valkey-server", "postgres", "serve", "arq_worker")


def test_it_is_ready_when_it_says_so_with_a_database_that_has_the_schema_and_a_place_for_pictures(
    tmp_path: Path,
) -> None:
    with up(tmp_path) as limner:
        assert httpx.get(f"{limner.url}/ready", verify=False).status_code == 200
        assert len(children(limner.process.pid)) == len(PARTS)
        for part in ("serve", "arq_worker"):
            environment = limner.environment_of(part)
            assert wait_for(value(environment["LIMNER_DATABASE_URL"], "select count(*) from worlds")) == 0
            assert environment["LIMNER_OBJECTS_DIR"] == f"{tmp_path}/objects"


def test_ctrl_c_stops_server_workers_postgres_and_valkey_in_this_order(tmp_path: Path) -> None:
    with up(tmp_path, "--workers", "2") as limner:
        watched = watched_family(limner.process.pid)

        limner.process.send_signal(signal.SIGINT)
        lines = limner.lines.rest()

        assert limner.process.wait() == 0
        stopped = [line.split()[0] for line in lines if line.endswith(" stopped.")]
        assert (stopped[0], sorted(stopped[1:3])) == ("server", ["worker-1", "worker-2"])
        assert stopped[3:] == ["postgres", "valkey"]
        assert all(child.has_ended() for child in watched)


def test_nothing_outlives_an_up_that_was_killed_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with up(tmp_path) as limner:
        store = Redis.from_url(f"unix://{tmp_path}/valkey.sock")
        with store:
            store.set("noted", "before")
        database_url = limner.environment_of("serve")["LIMNER_DATABASE_URL"]
        wait_for(execute(database_url, "create table noted as select 'before' as at"))
        watched = watched_family(limner.process.pid)
        assert len(children(limner.process.pid)) == len(PARTS)

        limner.process.kill()

        assert all(child.has_ended() for child in watched)
    with up(tmp_path), Redis.from_url(f"unix://{tmp_path}/valkey.sock") as store:
        assert store.get("noted") == b"before"
        assert wait_for(value(database_url, "select at from noted")) == "before"


@pytest.mark.parametrize("given", [None, "3"])
def test_the_server_drains_and_a_worker_lets_jobs_end_only_where_that_is_asked_for(
    tmp_path: Path, database_url: str, given: str | None
) -> None:
    variables = {"serve": "LIMNER_DRAIN_SECONDS", "arq_worker": "LIMNER_FINISH_SECONDS"}
    asked_for = dict.fromkeys(variables.values(), given) if given else {}
    with up(tmp_path, LIMNER_DATABASE_URL=database_url, **asked_for) as limner:
        for part, variable in variables.items():
            assert limner.environment_of(part)[variable] == (given or "0")


def test_a_part_that_was_killed_comes_back(tmp_path: Path) -> None:
    says = {
        "arq_worker": "worker started",
        "serve": "server started",
        "postgres": "automatic recovery in progress",
        "valkey-server": "Ready to accept",
    }
    assert set(says) == set(PARTS)
    with up(tmp_path) as limner:
        limner.lines.wait_until_seen("worker started")
        for word, sentence in says.items():
            first = limner.pid_of(word)

            os.kill(first, signal.SIGKILL)
            limner.lines.wait_for(r"was killed by SIGKILL; starting it again in 0\.2 s\.$")
            limner.lines.wait_for(sentence)

            assert limner.pid_of(word) != first


def test_who_calls_while_the_server_is_away_is_answered_by_the_next_one(tmp_path: Path, database_url: str) -> None:
    with up(tmp_path, LIMNER_DATABASE_URL=database_url) as limner:
        os.kill(limner.pid_of("serve"), signal.SIGKILL)
        limner.lines.wait_for("^server was killed by SIGKILL")

        assert httpx.get(f"{limner.url}/health", timeout=30, verify=False).status_code == 200


def test_a_data_folder_in_use_is_said_in_a_sentence(tmp_path: Path, database_url: str) -> None:
    with up(tmp_path, LIMNER_DATABASE_URL=database_url):
        assert refused(tmp_path).startswith(f"the data folder {tmp_path} is in use by another Limner")


def test_a_port_in_use_is_said_in_a_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert refused(tmp_path, "--port", str(port)).startswith(f"port {port} on 127.0.0.1 is in use")
    assert not (tmp_path / "appendonlydir").exists()


def test_a_host_that_others_reach_needs_keys_or_a_word(tmp_path: Path, database_url: str) -> None:
    assert "LIMNER_API_KEYS" in refused(tmp_path, "--host", "0.0.0.0")
    with up(tmp_path, "--host", "0.0.0.0", "--open", LIMNER_DATABASE_URL=database_url) as limner:
        assert httpx.get(f"{limner.url}/ready", verify=False).status_code == 200


def test_a_wrong_setting_is_said_in_a_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    assert refused(tmp_path, LIMNER_MAX_JOBS="many").startswith("LIMNER_MAX_JOBS: ")
    assert list(tmp_path.iterdir()) == []


def test_redis_and_postgres_of_the_operators_own_are_used_and_none_is_started(
    tmp_path: Path, empty_database_url: str
) -> None:
    own = empty_database_url
    with (
        running(tmp_path) as redis,
        up(tmp_path / "data", LIMNER_REDIS_URL=redis.url, LIMNER_DATABASE_URL=own) as limner,
    ):
        assert httpx.get(f"{limner.url}/ready", verify=False).status_code == 200
        assert len(children(limner.process.pid)) == 2
        assert wait_for(value(own, "select count(*) from worlds")) == 0
        assert not (tmp_path / "data" / "postgres").exists()


def test_a_postgres_that_is_away_is_said_in_a_sentence(tmp_path: Path) -> None:
    sentence = refused(tmp_path, LIMNER_DATABASE_URL="postgresql://limner:hidden@127.0.0.1:1/limner")

    assert sentence.startswith("the Postgres that LIMNER_DATABASE_URL names cannot be reached")
    assert "hidden" not in sentence


def test_data_of_another_postgres_are_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("13\n")

    assert "those of Postgres 13" in refused(tmp_path)


def test_a_redis_that_is_away_is_said_in_a_sentence(tmp_path: Path) -> None:
    url = "redis://:hidden@127.0.0.1:1/0"

    sentence = refused(tmp_path, LIMNER_REDIS_URL=url)

    assert sentence.startswith("the Redis that LIMNER_REDIS_URL names cannot be reached")
    assert "hidden" not in sentence


def test_a_redis_that_throws_keys_away_is_refused_with_the_reason(tmp_path: Path) -> None:
    with running(tmp_path) as redis:
        with Redis.from_url(redis.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")

        assert "maxmemory-policy is allkeys-lru" in refused(tmp_path / "data", LIMNER_REDIS_URL=redis.url)


def test_an_address_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path, LIMNER_REDIS_URL="http://127.0.0.1").startswith("LIMNER_REDIS_URL:")
