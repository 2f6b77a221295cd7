import shutil
from pathlib import Path

import pytest

from bench.hub.target import Place, width
from bench.hub.targets.socketio import FOLDER, SocketIO, install, wanted_versions

RECORD = b'{"version":{version},"id":"{id}","stage":"{time}"}'
PACKET = (
    b"\x93\xa5bench"
    b"\x83\xa4type\x02\xa4data\x92\xa3job"
    b"\x83\xa7version\xb0{version}\xa2id\xd9\x24{id}\xa5stage\xb4{time}"
    b"\xa3nsp\xa1/"
    b"\x83\xa5rooms\x91\xd9\x24{id}\xa5flags\x80\xa6except\x90"
)


def test_an_event_is_what_the_redis_emitter_publishes_to_a_room(tmp_path: Path) -> None:
    template = SocketIO().publication(RECORD, Place(1, 2, tmp_path, clients=1)).template
    assert template == (
        b"*3\r\n$7\r\nPUBLISH\r\n$49\r\nsocket.io#/#{id}#\r\n$%d\r\n" % width(PACKET) + PACKET + b"\r\n"
    )


def test_its_versions_are_exact_and_its_name_tells_one() -> None:
    assert all(version.replace(".", "").isdigit() for version in wanted_versions().values())
    assert SocketIO().name == f"Socket.IO {wanted_versions()['socket.io']} + Redis"


def test_without_node_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt install nodejs npm" in (SocketIO().missing() or "")


@pytest.mark.node
def test_libraries_that_cannot_be_had_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(FOLDER / "package.json", tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    missing = install(tmp_path)
    assert missing is not None
    assert missing.startswith(f"`npm install` in {tmp_path} failed: ")
    assert "ECONNREFUSED" in missing
