import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from jobs.providers.download import Refused, Resolve, download
from tests.support.http_server import Answer, HttpServer, Request

pytestmark = pytest.mark.timeout(30)

CERTIFICATES = Path(__file__).parents[2] / "storage" / "tls"
PIXELS = Answer(200, b"pixels")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    tls = ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")
    async with httpx.AsyncClient(verify=tls, trust_env=False, timeout=10) as client:
        yield client


def serving(places: dict[str, Answer], certificate: str = "") -> HttpServer:
    async def answer(request: Request) -> Answer:
        return places[request.path]

    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    return HttpServer(answer, tls=tls)


def to(status: int, place: str) -> Answer:
    return Answer(status, headers={"Location": place})


def resolving(**names: str) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return [names[host]] if host in names else [host]

    return resolve


async def test_redirects_are_followed(client: httpx.AsyncClient) -> None:
    places = {"/a": to(302, "/b"), "/b": to(307, "c"), "/c": PIXELS}
    async with serving(places) as server:
        assert await download(client, f"{server.url}/a", anywhere=True) == b"pixels"


async def test_redirects_that_go_on_are_refused(client: httpx.AsyncClient) -> None:
    async with serving({"/a": to(302, "/a")}) as server:
        with pytest.raises(Refused, match="more than 3 redirects"):
            await download(client, f"{server.url}/a", anywhere=True)

        assert len(server.seen) == 4


@pytest.mark.parametrize(
    "url", ["ftp://example.com/a", "file:///etc/passwd", "https://", "pixels", "http://[::1", "data:,x"]
)
async def test_what_is_no_address_is_refused(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(Refused):
        await download(client, url, anywhere=True)


@pytest.mark.parametrize("status", [204, 401, 404, 410])
async def test_what_is_not_there_is_refused(client: httpx.AsyncClient, status: int) -> None:
    async with serving({"/a": Answer(status)}) as server:
        with pytest.raises(Refused, match=str(status)):
            await download(client, f"{server.url}/a", anywhere=True)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_what_may_work_another_time_is_told_apart(client: httpx.AsyncClient, status: int) -> None:
    async with serving({"/a": Answer(status)}) as server:
        with pytest.raises(httpx.HTTPError):
            await download(client, f"{server.url}/a", anywhere=True)


async def test_what_ends_too_early_is_no_result(client: httpx.AsyncClient) -> None:
    async with serving({"/a": Answer(200, b"pix", length=6)}) as server:
        client.timeout = httpx.Timeout(0.2)
        with pytest.raises(httpx.HTTPError):
            await download(client, f"{server.url}/a", anywhere=True)


async def test_a_result_may_have_its_size_and_not_a_byte_more(client: httpx.AsyncClient) -> None:
    async with serving({"/a": PIXELS}) as server:
        assert await download(client, f"{server.url}/a", anywhere=True, most_bytes=6) == b"pixels"
        with pytest.raises(Refused, match="more than 5 bytes"):
            await download(client, f"{server.url}/a", anywhere=True, most_bytes=5)


async def test_without_tls_nothing_is_fetched_from_the_internet(client: httpx.AsyncClient) -> None:
    with pytest.raises(Refused, match="without TLS"):
        await download(client, "http://example.com/a", anywhere=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%eth0"])
async def test_a_name_that_leads_to_a_private_address_is_refused(client: httpx.AsyncClient, address: str) -> None:
    with pytest.raises(Refused, match="not public"):
        await download(client, "https://example.com/a", anywhere=False, resolve=resolving(**{"example.com": address}))


async def test_one_private_address_among_public_ones_is_enough(client: httpx.AsyncClient) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["1.1.1.1", "127.0.0.1"]

    with pytest.raises(Refused, match="not public"):
        await download(client, "https://example.com/a", anywhere=False, resolve=resolve)


async def test_a_redirect_into_a_private_network_is_refused(client: httpx.AsyncClient) -> None:
    """The server stands for a public one; what it leads to is looked at like the first address."""
    async with serving(
        {"/a": to(302, "https://10.0.0.1/secret"), "/b": to(302, "http://example.com/")}, "here"
    ) as server:

        def public(address: str) -> bool:
            return address == "127.0.0.1"

        url = f"https://localhost:{server.port}"
        resolve = resolving(localhost="127.0.0.1")
        with pytest.raises(Refused, match="not public"):
            await download(client, f"{url}/a", anywhere=False, resolve=resolve, public=public)
        with pytest.raises(Refused, match="without TLS"):
            await download(client, f"{url}/b", anywhere=False, resolve=resolve, public=public)


async def test_the_connection_goes_to_the_address_that_was_looked_at_and_its_certificate_is_for_the_name(
    client: httpx.AsyncClient,
) -> None:
    def public(address: str) -> bool:
        return True

    async with serving({"/a": PIXELS}, "here") as server:
        # A name that nothing but `resolve` knows to lead here; the certificate is not for it.
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await download(
                client,
                f"https://pictures.invalid:{server.port}/a",
                anywhere=False,
                resolve=resolving(**{"pictures.invalid": "127.0.0.1"}),
                public=public,
            )
        assert server.seen == []

        url = f"https://localhost:{server.port}/a"
        resolve = resolving(localhost="127.0.0.1")
        assert await download(client, url, anywhere=False, resolve=resolve, public=public) == b"pixels"
        [request] = server.seen
        assert request.headers["host"] == f"localhost:{server.port}"
