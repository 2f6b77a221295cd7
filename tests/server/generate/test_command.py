"""The whole, against a real server and a real worker."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from websockets.sync.client import connect

from server.generate.command import run
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import JobId
from storage.records.job import Status
from tests.server.generate.conftest import Generate
from tests.support.limner import Server, Worker, free_port

PNG = b"\x89PNG\r\n\x1a\n"
Start = Callable[..., Generate]

pytestmark = pytest.mark.system


@pytest.fixture
def start_limner(environment: dict[str, str]) -> Iterator[Callable[..., Server]]:
    """Starts a server and a worker with more settings, which paint slowly enough to come between."""
    with ExitStack() as stack:

        def start(**settings: str) -> Server:
            both = {**environment, "LIMNER_PAINTER_SECONDS": "2", **settings}
            worker = stack.enter_context(Worker(both))
            server = stack.enter_context(Server(both))
            worker.wait_until_started()
            return server

        yield start


def saved(out: Path) -> list[dict[str, Any]]:
    characters: list[dict[str, Any]] = json.loads((out / "characters.json").read_text())["characters"]
    return characters


def pictures(out: Path) -> set[str]:
    return {path.name for path in out.glob("*.png") if path.read_bytes().startswith(PNG)}


def test_every_portrait_becomes_a_file_beside_the_set(server: Server, generate: Start) -> None:
    generated = generate(server.url, "--count", "2", "--theme", "a drowned city", "--seed", "7")

    assert generated.end() == 0, generated.output.seen

    characters = saved(generated.out)
    assert len(characters) == 2
    assert pictures(generated.out) == {character["file"] for character in characters}
    printed = [line for line in generated.output.seen if line.startswith(str(generated.out))]
    assert printed == [str(generated.out / name) for name in [*(one["file"] for one in characters), "characters.json"]]
    for character in characters:
        assert f"{character['name']}, {character['race']} {character['class']}: painted" in generated.output.seen


async def test_one_portrait_that_fails_is_named_and_the_others_are_saved(
    start_limner: Callable[..., Server], generate: Start, redis: Redis, store: JobStore, keys: Keys
) -> None:
    server = start_limner()
    generated = generate(server.url, "--count", "2")
    generated.output.wait_for(": painting|: begun")
    last = await _queued(redis, store, keys)
    await store.cancel(last)

    assert generated.end() == 1

    first, second = saved(generated.out)
    assert pictures(generated.out) == {first["file"]}
    assert second["portrait"] == last
    assert second["file"] is None
    assert generated.output.seen[-1] == f"limner: {second['name']}: This portrait was stopped."


async def _queued(redis: Redis, store: JobStore, keys: Keys) -> JobId:
    """The portrait that waits while the other one is painted."""
    while True:
        ids = [JobId(member.decode()) for member in await redis.zrange(keys.active, 0, -1)]
        jobs = [stored.job for stored in await store.get_many(ids) if stored and not stored.expired]
        statuses = {job.status: JobId(job.id) for job in jobs if job.kind == "portrait"}
        if statuses.keys() == {Status.PROCESSING, Status.QUEUED}:
            return statuses[Status.QUEUED]


def test_a_server_that_is_killed_and_started_again_is_come_back_to(
    start_limner: Callable[..., Server], generate: Start
) -> None:
    server = start_limner()
    generated = generate(server.url, "--count", "2")
    generated.output.wait_for(": painting|: begun")

    server.kill()
    generated.output.wait_for("Reconnecting…")
    server.start()

    assert generated.end() == 0, generated.output.seen
    assert len(pictures(generated.out)) == 2


async def test_a_set_that_was_lost_with_all_data_is_submitted_again(
    start_limner: Callable[..., Server], generate: Start, redis: Redis, prefix: str
) -> None:
    server = start_limner()
    generated = generate(server.url, "--count", "1")
    generated.output.wait_for(": painting|: begun")

    server.kill()
    await redis.delete(*[key async for key in redis.scan_iter(f"{prefix}*")])
    server.start()

    assert generated.end() == 0, generated.output.seen
    assert len(pictures(generated.out)) == 1


def test_a_server_that_starts_later_is_waited_for(environment: dict[str, str], generate: Start) -> None:
    port = free_port()
    generated = generate(f"http://127.0.0.1:{port}", "--count", "1")
    with Worker(environment), Server(environment, port=port):
        assert generated.end() == 0, generated.output.seen
    assert len(pictures(generated.out)) == 1


@pytest.mark.parametrize("setting", ["LIMNER_MAX_CONNECTIONS", "LIMNER_MAX_CONNECTIONS_PER_ADDRESS"])
def test_where_no_websocket_is_let_in_it_asks_over_http(
    start_limner: Callable[..., Server], generate: Start, setting: str
) -> None:
    server = start_limner(**{setting: "1"})
    with connect(server.ws_url):
        generated = generate(server.url, "--count", "1")
        assert generated.end() == 0, generated.output.seen
    assert len(pictures(generated.out)) == 1


def test_ctrl_c_leaves_the_jobs_running_and_says_where_to_see_them(
    start_limner: Callable[..., Server], generate: Start
) -> None:
    server = start_limner()
    generated = generate(server.url, "--count", "1")
    generated.output.wait_for(": painting|: begun")

    generated.interrupt()

    assert generated.end() == 130
    assert generated.output.seen[-1].startswith(f"limner: The characters are at {server.url}/#set=")
    assert not list(generated.out.iterdir())


def test_the_key_comes_from_the_environment(
    start_limner: Callable[..., Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = start_limner(LIMNER_API_KEYS="robot=right", LIMNER_PAINTER_SECONDS="0")
    statuses = []
    for key in ("wrong", "right"):
        monkeypatch.setenv("LIMNER_API_KEY", key)
        statuses.append(run(count=1, theme=None, seed=None, out=tmp_path, url=server.url))
    assert statuses == [1, 0]
    assert "limner: The server refuses: This key is not known." in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("url", "out", "sentence"),
    [
        ("localhost:8000", "out", "limner: 'localhost:8000' is no address of a server"),
        ("http://127.0.0.1:1", "file", "limner: The files cannot be written to "),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, out: str, sentence: str
) -> None:
    (tmp_path / "file").touch()
    assert run(count=1, theme=None, seed=None, out=tmp_path / out, url=url) == 1
    assert capsys.readouterr().err.startswith(sentence)
