"""Who is let in to `/ws`."""

from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.server.conftest import ALLOWED_ORIGIN, lines_of
from tests.server.support.client import client
from tests.server.support.figures import figure
from tests.support.limner import Server

FOREIGN = ("https://evil.example", "null", "http://page.example", f"{ALLOWED_ORIGIN}:8443", "https://page.example.evil")


async def refusal(url: str, **options: object) -> tuple[int, dict[str, str], bytes]:
    with pytest.raises(InvalidStatus) as refused:
        async with client(url, **options):
            pass
    response = refused.value.response
    return (
        response.status_code,
        {name.lower(): value for name, value in response.headers.raw_items()},
        bytes(response.body),
    )


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_a_foreign_origin_is_refused_before_the_upgrade(edge: Server, origin: str) -> None:
    status, headers, body = await refusal(edge.ws_url, origin=origin)
    assert (status, headers["content-type"]) == (403, "application/problem+json")
    assert b"LIMNER_ORIGINS" in body


@pytest.mark.parametrize("origin", [ALLOWED_ORIGIN, ALLOWED_ORIGIN.upper(), None])
async def test_a_page_of_a_listed_origin_and_a_program_are_let_in(edge: Server, origin: str | None) -> None:
    async with client(edge.ws_url, origin=origin) as socket:
        assert (await socket.next())["type"] == "hello"


async def test_without_a_list_the_local_addresses_are_the_origins_and_null_is_none_of_them(
    start: Callable[..., Server],
) -> None:
    server = start()
    for origin in (f"http://localhost:{server.port}", f"http://127.0.0.1:{server.port}"):
        async with client(server.ws_url, origin=origin) as socket:
            assert (await socket.next())["type"] == "hello"
    for origin in ("null", "http://localhost:1", f"https://localhost:{server.port}"):
        assert (await refusal(server.ws_url, origin=origin))[0] == 403


async def test_the_origin_null_is_let_in_where_it_is_listed(start: Callable[..., Server]) -> None:
    async with client(start(origins="null").ws_url, origin="null") as socket:
        assert (await socket.next())["type"] == "hello"


async def test_refusals_for_their_origin_are_counted(start: Callable[..., Server]) -> None:
    server = start()
    counted = 'limner_connections_refused_total{reason="origin"}'
    assert (await refusal(server.ws_url, origin="https://evil.example"))[0] == 403
    assert await figure(server.url, counted) == 1
    async with httpx.AsyncClient(base_url=server.url, headers={"Origin": "https://evil.example"}) as http:
        assert (await http.post("/portraits", json={"description": "an elf"})).status_code == 403
        assert (await http.get("/health")).status_code == 200
    assert await figure(server.url, counted) == 2


async def test_a_full_process_says_when_to_come_again(start: Callable[..., Server]) -> None:
    server = start(max_connections=1)
    async with client(server.ws_url) as socket:
        await socket.next()
        status, headers, _ = await refusal(server.ws_url)
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert int(headers["retry-after"]) > 0
        async with httpx.AsyncClient(verify=False) as http:
            assert (await http.get(f"{server.url}/ready")).status_code == 200
    assert lines_of(server, "warning", "error") == []


async def test_a_place_that_became_free_can_be_had(start: Callable[..., Server]) -> None:
    server = start(max_connections=1)
    for _ in range(3):
        async with client(server.ws_url) as socket:
            await socket.next()
            await socket.connection.close()


async def test_too_many_sockets_of_one_address_are_told_not_to_come_again(start: Callable[..., Server]) -> None:
    server = start(max_connections_per_address=1)
    async with client(server.ws_url) as socket:
        await socket.next()
        async with client(server.ws_url) as another:
            assert await another.closed() == (4504, "too many connections")
            assert another.heard == []
        assert await socket.answer_to_ping() == []
    async with client(server.ws_url) as later:
        assert (await later.next())["type"] == "hello"
