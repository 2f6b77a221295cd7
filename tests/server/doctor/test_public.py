"""The addresses that browsers are given, and what can be wrong with them."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from server.doctor.finding import Finding, found
from server.doctor.parts import look_at_objects
from server.doctor.public import PNG, TYPE, look_at_server, own_address
from server.settings import ServerSettings
from storage.settings import load
from tests.support.http_server import Answer, Cut, HttpServer, Request, as_json

pytestmark = pytest.mark.timeout(30)

Handler = Callable[[Request], Awaitable[Answer]]


def always(answer: Answer | None) -> Handler:
    async def handler(_: Request) -> Answer:
        if answer is None:
            raise Cut
        return answer

    return handler


async def objects_behind(answer: Answer | None, folder: Path) -> tuple[Finding, HttpServer]:
    """What is found where browsers are answered so."""
    async with HttpServer(always(answer)) as server:
        settings = load(ServerSettings, public_url=f"{server.url}/limner", objects_dir=str(folder))
        return await found("object store", lambda: look_at_objects(settings)), server


async def test_the_object_is_fetched_where_browsers_fetch_it(tmp_path: Path) -> None:
    finding, server = await objects_behind(Answer(200, PNG, {"Content-Type": TYPE}), tmp_path)

    assert finding == Finding("object store", remarks=[])
    (request,) = server.seen
    assert request.method == "GET"
    assert request.path.startswith("/limner/objects/doctor/")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(404), "Browsers do not find objects: {} answers 404 for one that is there. LIMNER_PUBLIC_URL has"),
        (Answer(302, headers={"Location": "/login"}), "Browsers do not find objects: {} answers 302 for one"),
        (Answer(403), "Browsers may not fetch objects: {} answers 403."),
        (Answer(200, b"<html>", {"Content-Type": TYPE}), "Browsers get something else than the object at {}"),
        (Answer(200, PNG, {"Content-Type": "text/html"}), "Browsers are told that a picture is text/html at {}"),
        (Answer(200, PNG), "Browsers are told that a picture is nothing at {}"),
        (None, "Nothing answers at {}: "),
    ],
)
async def test_each_way_in_which_browsers_would_not_get_it_is_named(
    tmp_path: Path, answer: Answer | None, words: str
) -> None:
    finding, server = await objects_behind(answer, tmp_path)

    (fault,) = finding.faults
    assert fault.startswith(words.format(f"{server.url}/limner/objects"))
    assert files_in(tmp_path) == [], "nothing is left behind"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def server_behind(answer: Answer | None) -> tuple[Finding, HttpServer]:
    async with HttpServer(always(answer)) as server:
        settings = load(ServerSettings, public_url=f"{server.url}/limner/")
        return await found("public URL", lambda: look_at_server(settings)), server


async def test_the_server_is_asked_at_its_public_url() -> None:
    finding, server = await server_behind(as_json({"status": "ok"}))

    assert finding.ok
    assert [request.path for request in server.seen] == ["/limner/health"]


@pytest.mark.parametrize(
    "answer",
    [Answer(200, b"<h1>Welcome!</h1>"), Answer(404, b"not here"), Answer(502), as_json({"status": "ok"}, 503)],
)
async def test_a_public_url_that_leads_to_something_else_is_named(answer: Answer) -> None:
    finding, server = await server_behind(answer)

    (fault,) = finding.faults
    assert fault.startswith(f"{server.url}/limner/health answers {answer.status}, and not as Limner does: ")


async def test_a_public_url_where_nobody_answers_is_named() -> None:
    finding, server = await server_behind(None)

    (fault,) = finding.faults
    assert fault.startswith(f"{server.url}/limner/health cannot be reached from here: ")


@pytest.mark.parametrize("url", ["no address", "http://", "https://[::1", "ftp://127.0.0.1"])
async def test_a_public_url_that_is_no_address_is_named(url: str) -> None:
    finding = await found(
        "public URL", lambda: look_at_server(load(ServerSettings).model_copy(update={"public_url": url}))
    )

    (fault,) = finding.faults
    assert "cannot be reached from here: " in fault


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8001"),
        ("0.0.0.0", "http://127.0.0.1:8001"),
        ("::", "http://[::1]:8001"),
        ("fd00::7", "http://[fd00::7]:8001"),
        ("limner.local", "http://limner.local:8001"),
    ],
)
def test_a_server_without_a_public_url_is_asked_where_it_listens(host: str, address: str) -> None:
    settings = load(ServerSettings).model_copy(update={"host": host, "port": 8001})

    assert own_address(settings) == address


async def test_what_nobody_has_thought_of_is_a_fault_and_no_end_of_the_look() -> None:
    async def look() -> list[str]:
        raise LookupError("verysecret")

    assert await found("Redis", look) == Finding("Redis", ["It could not be looked at: LookupError."])
