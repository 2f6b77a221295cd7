"""A process that cannot serve says why in a sentence and ends; one whose Redis is not there yet waits for it."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from storage.embedded import prepare, running
from tests.support.limner import ROOT, Process, Worker

pytestmark = pytest.mark.system

REFUSED = 2
PARTS = {"server": ("-m", "server", "serve", "--port", "0"), "worker": ("-m", "arq_worker")}


def start(part: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *PARTS[part]],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIMNER_KEEP_SECONDS", "soon"),
        ("LIMNER_LOG_LEVEL", "loud"),
        ("LIMNER_REDIS_URL", "http://hunter2@example.org"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named_without_its_value(part: str, variable: str, value: str) -> None:
    ended = start(part, {variable: value})
    assert ended.returncode == REFUSED
    assert variable in ended.stderr
    assert "hunter2" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("part", PARTS)
def test_a_folder_for_pictures_that_cannot_be_one_stops_the_start_and_is_named(part: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = start(part, {"LIMNER_OBJECTS_DIR": str(tmp_path / "file" / "objects")})
    assert ended.returncode == REFUSED
    assert "LIMNER_OBJECTS_DIR" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_lease_that_could_run_out_between_two_renewals_is_refused() -> None:
    ended = start("worker", {"LIMNER_LEASE_SECONDS": "4"})
    assert ended.returncode == REFUSED
    assert "LIMNER_RENEW_SECONDS" in ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_server_for_everybody_has_to_be_meant(host: str) -> None:
    ended = start("server", {"LIMNER_HOST": host})
    assert ended.returncode == REFUSED
    assert "LIMNER_API_KEYS" in ended.stderr


@pytest.mark.parametrize("part", PARTS)
def test_a_redis_that_would_throw_jobs_away_is_refused(part: str) -> None:
    with running() as valkey:
        with Redis.from_url(valkey.url) as redis:
            redis.config_set("maxmemory-policy", "allkeys-lru")
        ended = start(part, {"LIMNER_REDIS_URL": valkey.url})
    assert ended.returncode == REFUSED
    assert "noeviction" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_worker_waits_for_a_redis_that_is_not_there_yet(tmp_path: Path, prefix: str) -> None:
    url = prepare(tmp_path).url
    with Worker({"LIMNER_REDIS_URL": url, "LIMNER_REDIS_PREFIX": prefix}) as worker:
        worker.wait_until_logged("redis lost")
        with running(tmp_path) as valkey:
            assert valkey.url == url
            worker.wait_until_started()


def test_a_server_that_starts_says_what_it_cannot_reach(tmp_path: Path) -> None:
    away = {
        "LIMNER_REDIS_URL": f"unix://{tmp_path}/redis.sock",
        "LIMNER_DATABASE_URL": f"postgresql://limner:hunter2@/limner?host={tmp_path}",
        "LIMNER_OBJECTS_DIR": str(tmp_path / "objects"),
    }
    with Process("-m", "server", "serve", "--port", "0", environment=away) as server:
        for event in ("redis lost", "postgres lost", "server started"):
            server.wait_until_logged(event)
        assert "hunter2" not in server.log()


def test_a_worker_that_waits_for_redis_ends_at_once_when_it_is_told(prefix: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        # It would wait so long for the first answer.
        patience = {"LIMNER_REDIS_SECONDS": "3600"}
        with Worker({"LIMNER_REDIS_URL": url, "LIMNER_REDIS_PREFIX": prefix, **patience}) as worker:
            waiting, _ = silent.accept()
            with waiting:
                assert worker.terminate() == 0
