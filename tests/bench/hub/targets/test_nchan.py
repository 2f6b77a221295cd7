from pathlib import Path

import pytest

from bench.hub.target import Place, width
from bench.hub.targets.nchan import PUBLISHERS, Nchan, version_in

RECORD = b'{"version":{version},"id":"{id}","stage":"{time}"}'


def nginx_with(modules: Path, folder: Path) -> str:
    program = folder / "nginx"
    program.write_text(f"#!/bin/sh\necho 'configure arguments: --prefix=/x --modules-path={modules}' >&2\n")
    program.chmod(0o755)
    return str(program)


def test_without_nginx_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIMNER_NGINX", str(tmp_path / "nowhere"))
    assert "apt install nginx libnginx-mod-nchan" in (Nchan().missing() or "")
    assert Nchan().name == "Nchan"


def test_an_nginx_without_the_module_will_not_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIMNER_NGINX", nginx_with(tmp_path, tmp_path))
    assert "libnginx-mod-nchan" in (Nchan(redis=True).missing() or "")


def test_with_the_module_nothing_is_missing_and_the_name_tells_its_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ngx_nchan_module.so").write_bytes(b"\x7fELF\0nchan\0" + b"1.3.6\0")
    monkeypatch.setenv("LIMNER_NGINX", nginx_with(tmp_path, tmp_path))
    assert Nchan().missing() is None
    assert (Nchan().name, Nchan(redis=True).name) == ("Nchan 1.3.6", "Nchan 1.3.6 + Redis")


def test_a_module_that_does_not_tell_its_version_has_none() -> None:
    assert version_in(b"\x7fELF") == ""


def test_an_event_is_posted_with_the_length_that_it_is_going_to_have(tmp_path: Path) -> None:
    publication = Nchan().publication(RECORD, Place(1, 2, tmp_path, clients=1_000))
    head, _, body = publication.template.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /publish/{id} HTTP/1.1"
    assert f"Content-Length: {width(RECORD)}".encode() in head.splitlines()
    assert body == RECORD
    assert (publication.port, publication.window, publication.connections) == (1, 1, PUBLISHERS)


@pytest.mark.parametrize(("clients", "connections"), [(1, 1), (40, 5), (128, 16), (10_000, 16)])
def test_no_job_can_have_two_events_on_their_way(tmp_path: Path, clients: int, connections: int) -> None:
    assert Nchan().publication(RECORD, Place(1, 2, tmp_path, clients)).connections == connections <= clients
