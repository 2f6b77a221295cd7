"""Who is believed when it says whom it speaks for."""

from collections.abc import Callable

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosed

from server.http.forwarded import ForwardedHeaders
from tests.server.support.client import client
from tests.support.limner import Server

PROXIES = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]
PEER = "10.0.0.1"


async def seen(peer: str, headers: dict[str, str], kind: str = "http", scheme: str = "http") -> tuple[str, str]:
    """The caller's address and the scheme, as the application sees them."""
    scope: Scope = {
        "type": kind,
        "scheme": scheme,
        "client": (peer, 1234),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    found: list[tuple[str, str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append((scope["client"][0], scope["scheme"]))

    async def nothing(*_: object) -> None: ...

    await ForwardedHeaders(app, PROXIES)(scope, nothing, nothing)  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize(
    ("peer", "hops", "address"),
    [
        (PEER, "203.0.113.9", "203.0.113.9"),
        (PEER, "203.0.113.9:5678", "203.0.113.9"),
        (PEER, "203.0.113.9, 10.1.2.3", "203.0.113.9"),
        (PEER, "198.51.100.1, 203.0.113.9, 10.1.2.3, 192.0.2.7", "203.0.113.9"),
        (PEER, "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (PEER, "2001:db9::1", "2001:db9::1"),
        (PEER, "[2001:db9::1]:443, 2001:db8::5", "2001:db9::1"),
        ("2001:db8::5", "203.0.113.9", "203.0.113.9"),
        (f"::ffff:{PEER}", "203.0.113.9", "203.0.113.9"),
        (PEER, "10.1.2.3", "10.1.2.3"),
    ],
)
async def test_a_trusted_proxy_is_believed_up_to_the_last_hop_that_is_not(peer: str, hops: str, address: str) -> None:
    assert (await seen(peer, {"x-forwarded-for": hops}))[0] == address


@pytest.mark.parametrize("hops", ["", "unknown", "203.0.113.9, rubbish", "<script>", "x" * 10_000, ", ,", "999.1.1.1"])
async def test_a_hop_that_is_no_address_counts_as_the_proxy_that_named_it(hops: str) -> None:
    assert (await seen(PEER, {"x-forwarded-for": hops}))[0] == PEER


@pytest.mark.parametrize("peer", ["203.0.113.9", "192.0.2.8", "::ffff:203.0.113.9", "2001:db9::1"])
async def test_nobody_else_is_believed(peer: str) -> None:
    headers = {"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https"}
    assert await seen(peer, headers) == (peer.removeprefix("::ffff:"), "http")


@pytest.mark.parametrize(
    ("kind", "said", "scheme"),
    [("http", "https", "https"), ("websocket", "https", "wss"), ("http", "gopher", "http"), ("http", "", "http")],
)
async def test_a_trusted_proxy_says_whether_it_was_https(kind: str, said: str, scheme: str) -> None:
    assert (await seen(PEER, {"x-forwarded-proto": said}, kind))[1] == scheme


async def both_let_in(server: Server, *addresses: str) -> bool:
    """Whether two sockets that say they are of these addresses are let in at the same time."""
    first, second = ({"X-Forwarded-For": address} for address in addresses)
    async with (
        client(server.ws_url, additional_headers=first) as one,
        client(server.ws_url, additional_headers=second) as another,
    ):
        assert (await one.next())["type"] == "hello"
        try:
            message = await another.next()
        except ConnectionClosed:
            return False
    assert message["type"] == "hello"
    return True


async def test_without_trusted_proxies_a_header_changes_nothing(start: Callable[..., Server]) -> None:
    server = start(max_connections_per_address=1)
    assert not await both_let_in(server, "203.0.113.1", "203.0.113.2")
    assert "secure" not in await cookie(server)


async def test_behind_a_trusted_proxy_it_is_its_callers_that_are_counted(start: Callable[..., Server]) -> None:
    server = start(max_connections_per_address=1, trusted_proxies="127.0.0.0/8")
    assert await both_let_in(server, "203.0.113.1", "203.0.113.2")
    assert not await both_let_in(server, "203.0.113.1", "198.51.100.9, 203.0.113.1")


async def test_who_came_to_a_trusted_proxy_over_https_gets_a_secure_cookie(start: Callable[..., Server]) -> None:
    assert "secure" in await cookie(start(trusted_proxies="127.0.0.1,10.0.0.0/8"))


async def cookie(server: Server) -> str:
    """The session cookie that a browser is given which says that it came over https."""
    async with httpx.AsyncClient(headers={"X-Forwarded-Proto": "https"}, verify=False) as http:
        answer = await http.post(f"{server.url}/characters", json={"count": 1})
    assert answer.status_code == 202
    return answer.headers["set-cookie"].lower()
