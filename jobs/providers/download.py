"""Fetching what a provider's address points to, which is a stranger's word: https, public addresses, a limit."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from ipaddress import ip_address

import httpx

from storage.webhook_urls import is_public

MOST_BYTES = 20_000_000
MOST_REDIRECTS = 3

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Public = Callable[[str], bool]


class Refused(Exception):
    """This address, or what it holds, is not taken, and asking again would not help."""


class TooLarge(Exception):
    """More bytes than were allowed."""


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def public_address(address: str) -> bool:
    return is_public(ip_address(address))


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def download(
    client: httpx.AsyncClient,
    url: str,
    *,
    anywhere: bool,
    most_bytes: int = MOST_BYTES,
    resolve: Resolve = resolved,
    public: Public = public_address,
) -> bytes:
    """The bytes at an address, a few redirects further. The client goes past any proxy, and its caller sets the time.

    Unless `anywhere` is allowed, only https and public addresses are, also after a redirect, and the connection goes to
    the very address that was looked at. Raises Refused, and httpx.HTTPError or OSError for what may work another time.
    """
    place = _joined(None, url)
    for _ in range(1 + MOST_REDIRECTS):
        request = await _request(client, place, anywhere=anywhere, resolve=resolve, public=public)
        response = await client.send(request, stream=True, follow_redirects=False)
        async with aclosing(response):
            if response.has_redirect_location:
                place = _joined(place, response.headers["Location"])
                continue
            if response.status_code in (408, 429) or response.status_code >= 500:
                raise httpx.HTTPStatusError(str(response.status_code), request=request, response=response)
            if response.status_code != 200:
                raise Refused(f"{response.status_code} for the result")
            try:
                return await read(response, most_bytes)
            except TooLarge as error:
                raise Refused(str(error)) from error
    raise Refused(f"more than {MOST_REDIRECTS} redirects")


async def read(response: httpx.Response, most_bytes: int) -> bytes:
    """The body of a streamed response. Raises TooLarge as soon as it is more than `most_bytes`."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > most_bytes:
            raise TooLarge(f"more than {most_bytes} bytes")
    return bytes(content)


def _joined(place: httpx.URL | None, further: str) -> httpx.URL:
    try:
        return place.join(further) if place is not None else httpx.URL(further)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused(f"{further[:100]!r} is no address") from error


async def _request(
    client: httpx.AsyncClient, place: httpx.URL, *, anywhere: bool, resolve: Resolve, public: Public
) -> httpx.Request:
    if place.scheme not in ("http", "https") or not place.host:
        raise Refused("an address that is neither http nor https")
    headers = {"Accept-Encoding": "identity"}
    if anywhere:
        return client.build_request("GET", place, headers=headers)
    if place.scheme != "https":
        raise Refused("an address without TLS")
    try:
        addresses = await resolve(place.host, place.port or 443)
    except UnicodeError as error:
        raise Refused("a name that is none") from error
    if not addresses or not all(public(address) for address in addresses):
        raise Refused("an address that is not public")
    # The name stands in the certificate and in the request; only where to connect is decided here.
    return client.build_request(
        "GET",
        place.copy_with(host=addresses[0]),
        headers={**headers, "Host": place.netloc.decode()},
        extensions={"sni_hostname": place.host},
    )
