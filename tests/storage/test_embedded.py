import os
import platform
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from redis import AuthenticationError, Redis

from server.up import python
from storage.connect import SUBSCRIBER_LIMITS
from storage.embedded import prepare, running
from storage.errors import EmbeddedUnavailable
from tests.support.processes import Watched, children


def test_it_is_ready_when_handed_over_and_gone_afterwards() -> None:
    with running() as valkey, Redis.from_url(valkey.url) as client:
        assert client.ping()
        watched = Watched(client.info("server")["process_id"])

    assert watched.has_ended()
    assert not valkey.is_ready()


def test_it_throws_nothing_away_and_writes_everything_down() -> None:
    with running() as valkey, Redis.from_url(valkey.url, decode_responses=True) as client:
        settings = client.config_get("*")

    assert settings["maxmemory-policy"] == "noeviction"
    assert 0 < int(settings["maxmemory"]) < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 3
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["save"] == ""
    assert settings["port"] == "0"


def test_a_subscriber_that_stands_still_for_a_moment_misses_nothing() -> None:
    megabyte, count = b"x" * 1_000_000, 100
    with running() as valkey, Redis.from_url(valkey.url) as client, client.pubsub() as still:
        still.subscribe("previews")
        assert still.get_message(timeout=10)

        for _ in range(count):
            client.publish("previews", megabyte)

        assert sum(still.get_message(timeout=10)["data"] == megabyte for _ in range(count)) == count


def test_compose_gives_its_valkey_what_the_embedded_one_has() -> None:
    compose = (python.ROOT / "compose.yaml").read_text()
    with running() as valkey, Redis.from_url(valkey.url, decode_responses=True) as client:
        limits = client.config_get("client-output-buffer-limit")["client-output-buffer-limit"]

    assert '--client-output-buffer-limit "pubsub 256mb 64mb 60"' in compose
    assert "pubsub {} {} {}".format(*SUBSCRIBER_LIMITS) in limits


@pytest.mark.parametrize("name", ["plain", 'with space, "quotes" and ünï?#%20'])
def test_what_was_written_is_there_again_after_a_stop(short_folder: Path, name: str) -> None:
    folder = short_folder / name
    folder.mkdir()
    for expected in (None, b"kept"):
        with running(folder) as valkey, Redis.from_url(valkey.url) as client:
            assert client.get("key") == expected
            client.set("key", "kept")
            watched = Watched(client.info("server")["process_id"])
            os.kill(watched.pid, signal.SIGTERM)
            assert watched.has_ended()


def test_a_socket_too_deep_for_the_kernel_goes_to_a_short_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short_folder: Path
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))

    with running(deep) as valkey, Redis.from_url(valkey.url) as client:
        client.set("key", "value")
        socket = Path(client.config_get("unixsocket")["unixsocket"])

    assert len(os.fsencode(socket)) <= 107
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    assert socket.parent.parent == short_folder
    assert list((deep / "appendonlydir").iterdir())


def test_where_no_socket_can_be_it_listens_on_loopback_behind_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    with running(deep) as valkey:
        assert valkey.url.startswith("redis://:")
        address = valkey.url.rpartition("@")[2]
        with Redis.from_url(f"redis://{address}") as stranger, pytest.raises(AuthenticationError):
            stranger.ping()

    assert (deep / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_a_machine_it_was_not_built_for_is_told_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(EmbeddedUnavailable, match="LIMNER_REDIS_URL"):
        prepare(tmp_path)


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "appendonlydir"
    broken.mkdir()
    (broken / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(EmbeddedUnavailable, match="AOF manifest"), running(tmp_path):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children whose parent was killed")
def test_it_does_not_outlive_a_process_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, sys; from storage.embedded import running\n"
        "with running(pathlib.Path(sys.argv[1])): print(flush=True); signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], env=python.environment(os.environ), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        watched = [Watched(pid) for pid in children(process.pid)]

        process.kill()

    assert len(watched) == 1
    assert watched[0].has_ended()
