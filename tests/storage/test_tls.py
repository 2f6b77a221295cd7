"""`rediss://`, over a proxy that ends TLS in front of a real Valkey."""

import ssl
from asyncio import start_server
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect, inspect
from storage.errors import StoreUnavailable, UnfitStore
from storage.jobs import JobStore
from storage.keys import Keys
from storage.line import Line
from storage.portraits import PortraitStore, StoredPicture
from storage.resp import open_connection
from storage.settings import StorageSettings
from tests.support import line as lines
from tests.support.job_states import JobStates, done
from tests.support.listening import Listener, eventually

pytestmark = pytest.mark.timeout(60)

CERTIFICATES = Path(__file__).parent / "tls"
TRUSTED = f"ssl_ca_certs={CERTIFICATES / 'authority.pem'}"

Behind = Callable[..., AbstractAsyncContextManager[lines.Line]]


@pytest.fixture
def behind(own_redis_url: str) -> Behind:
    """A proxy in front of the test's own Valkey that shows the certificate of this name."""

    @asynccontextmanager
    async def behind(certificate: str) -> AsyncIterator[lines.Line]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
        line = lines.Line(own_redis_url)
        async with await start_server(line.serve, "127.0.0.1", 0, ssl=context) as server:
            line.port = server.sockets[0].getsockname()[1]
            yield line
            line.cut()

    return behind


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_commands_pictures_and_events_go_over_tls(
    behind: Behind, own_redis: Redis, keys: Keys, host: str
) -> None:
    await own_redis.acl_setuser(
        "hub", enabled=True, passwords=["+s@cret/"], keys=["*"], channels=["*"], categories=["+@all"]
    )
    picture = StoredPicture.of(bytes(range(256)) * 3_000)
    async with behind("here") as proxy:
        url = f"rediss://hub:s%40cret%2F@{host}:{proxy.port}/0?{TRUSTED}"
        line = Line(SecretStr(url), seconds=20)
        async with connect(SecretStr(url)) as client, Listener(url) as listener:
            assert await inspect(client) == []
            store = JobStore(client, keys, StorageSettings(redis_prefix=keys.prefix), commands=line)
            stored = await JobStates(store).processing()
            assert await listener.until_told() == "up"
            await listener.subscribe(keys.job(stored.id))

            await store.advance(done(stored.job), stored.claim, picture)

            seen = await store.look(stored.id)
            assert seen is not None
            assert seen.record == await listener.message()
            assert await PortraitStore(client, keys).text(stored.id) == picture.base64
        await line.aclose()


async def test_a_lost_line_of_tls_is_noticed_and_made_again(behind: Behind) -> None:
    async with behind("here") as proxy:
        url = f"rediss://127.0.0.1:{proxy.port}/0?{TRUSTED}"
        line = Line(SecretStr(url), seconds=20)

        async def served() -> bool:
            try:
                return await line.ask([(b"ECHO", b"x")]) == [b"x"]
            except StoreUnavailable:
                return False

        async with Listener(url) as listener:
            assert await listener.until_told() == "up"
            assert await served()

            proxy.cut()
            assert await listener.until_told() == "down"
            assert not await served()
            proxy.mend()

            assert await listener.until_told() == "up"
            await eventually(served)
        await line.aclose()


@pytest.mark.parametrize(
    ("certificate", "options", "why"),
    [
        ("elsewhere", TRUSTED, "not valid for '127.0.0.1'"),
        ("here", "", "unable to get local issuer certificate"),
    ],
    ids=["of another host", "of an unknown authority"],
)
async def test_a_certificate_that_is_not_trusted_is_refused_with_a_sentence(
    behind: Behind, certificate: str, options: str, why: str
) -> None:
    async with behind(certificate) as proxy:
        url = SecretStr(f"rediss://127.0.0.1:{proxy.port}/0?{options}")
        line = Line(url, seconds=20)
        async with connect(url) as client:
            with pytest.raises(UnfitStore, match=f"certificate of the Redis in LIMNER_REDIS_URL is not trusted.*{why}"):
                await inspect(client)
        with pytest.raises(StoreUnavailable, match=why):
            await line.ask([(b"PING",)])
        with pytest.raises(StoreUnavailable, match=why):
            await open_connection(url, commands=False)
        await line.aclose()


@pytest.mark.parametrize("options", [f"{TRUSTED}&ssl_check_hostname=false", "ssl_cert_reqs=none"])
async def test_a_url_may_ask_for_less(behind: Behind, options: str) -> None:
    async with behind("elsewhere") as proxy:
        url = SecretStr(f"rediss://127.0.0.1:{proxy.port}/0?{options}")
        line = Line(url, seconds=20)
        async with connect(url) as client:
            assert await inspect(client) == []
        assert await line.ask([(b"ECHO", b"x")]) == [b"x"]
        await line.aclose()


async def test_a_redis_that_speaks_no_tls_is_not_reached(own_redis_url: str) -> None:
    async with lines.line_to(own_redis_url) as plain:
        url = SecretStr(f"rediss://127.0.0.1:{plain.port}/0?{TRUSTED}")
        line = Line(url, seconds=0.3)
        async with connect(url, seconds=0.3) as client:
            with pytest.raises(StoreUnavailable):
                await inspect(client)
        with pytest.raises(StoreUnavailable):
            await line.ask([(b"PING",)])
        await line.aclose()
