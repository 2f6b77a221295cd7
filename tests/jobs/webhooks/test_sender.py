import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import WebhookVerificationError

from jobs.webhooks.schedule import Answer
from jobs.webhooks.sender import Sender
from tests.support.receiver import OTHER_SECRET, SECRET, NeverEnds, Receiver, Reply, hangs, resets, says, writes

pytestmark = pytest.mark.timeout(60)

CERTIFICATES = Path(__file__).parents[2] / "storage" / "tls"
DELIVERY = "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55:1763612345678901"
RECORD = {"version": 1_763_612_345_678_901, "status": "succeeded", "stage": "das Gemälde"}
BODY = json.dumps(RECORD, ensure_ascii=False).encode()
SECONDS = 20.0

LookUp = Callable[..., Any]


async def sent(
    url: str,
    *,
    secrets: tuple[str, ...] = (SECRET,),
    seconds: float = SECONDS,
    private: bool = True,
    trusted: ssl.SSLContext | None = None,
) -> Answer:
    async with Sender(
        [SecretStr(secret) for secret in secrets], seconds=seconds, private=private, trusted=trusted
    ) as sender:
        return await sender.send(DELIVERY, url, BODY)


def leads_to(*addresses: str) -> LookUp:
    """A look-up of names that answers these addresses, for whatever name."""

    def look_up(host: str, port: int, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return look_up


def certificate(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context


@pytest.fixture
def trusted() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))


async def test_the_record_arrives_signed_as_standard_webhooks_say() -> None:
    async with Receiver() as receiver:
        answer = await sent(receiver.url)
        received = await receiver.next()

    assert answer == Answer(204)
    assert received.verified() == RECORD
    assert received.body == BODY
    assert received.line == "POST /hook?of=limner HTTP/1.1"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["webhook-id"] == DELIVERY
    assert received.headers["webhook-timestamp"].isdecimal()


async def test_while_a_secret_is_changed_both_find_their_signature() -> None:
    async with Receiver() as receiver:
        await sent(receiver.url, secrets=(SECRET, OTHER_SECRET))
        received = await receiver.next()

    assert received.verified(SECRET) == received.verified(OTHER_SECRET) == RECORD
    assert len(received.headers["webhook-signature"].split(" ")) == 2


async def test_another_secret_finds_none() -> None:
    async with Receiver() as receiver:
        await sent(receiver.url)
        received = await receiver.next()

    with pytest.raises(WebhookVerificationError):
        received.verified(OTHER_SECRET)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (says(500), "it answered 500"),
        (resets, "the connection was lost"),
        (writes(b""), "what it answered is not HTTP, or was broken off"),
        (writes(b"hello\r\n\r\n"), "what it answered is not HTTP, or was broken off"),
        (writes(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000), "what it answered is not HTTP, or was broken off"),
    ],
)
async def test_a_fault_of_the_receiver_is_told_in_words(reply: Reply, error: str) -> None:
    async with Receiver(reply) as receiver:
        assert (await sent(receiver.url)).error == error


async def test_a_receiver_that_is_not_there_could_not_be_reached() -> None:
    async with Receiver() as receiver:
        url = receiver.url

    assert (await sent(url)).error == "it could not be reached"


async def test_a_name_that_is_none_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await sent("http://a..b/")).error == "its name leads nowhere"

    def look_up(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert (await sent("http://site.example/")).error == "its name leads nowhere"


async def test_a_receiver_that_does_not_answer_is_given_up_in_time() -> None:
    async with Receiver(hangs) as receiver:
        answer = await sent(receiver.url, seconds=0.2)
        assert (await receiver.next()).id == DELIVERY

    assert answer == Answer(fault="it did not answer within 0.2 s")


async def test_a_redirection_is_not_followed() -> None:
    async with Receiver() as elsewhere, Receiver(says(307, location=elsewhere.url)) as receiver:
        answer = await sent(receiver.url)

    assert answer.error == "it answered 307, and redirections are not followed"
    assert elsewhere.requests == []


async def test_a_body_without_an_end_is_left_and_the_status_counts() -> None:
    endless = NeverEnds()
    async with Receiver(endless) as receiver:
        answer = await sent(receiver.url)
        await asyncio.wait_for(receiver.done.get(), SECONDS)

    assert answer == Answer(200)
    assert endless.written < 1_000_000


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def stalls(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")
        await hangs(writer)

    async with Receiver(stalls) as receiver:
        assert await sent(receiver.url, seconds=0.5) == Answer(200)


@pytest.mark.parametrize(("value", "seconds"), [("120", 120.0), ("soon", None), ("-5", None), ("", None)])
async def test_the_time_that_a_receiver_names_is_handed_on(value: str, seconds: float | None) -> None:
    async with Receiver(says(503, retry_after=value)) as receiver:
        assert await sent(receiver.url) == Answer(503, retry_after=seconds)


@pytest.mark.parametrize(("hours", "least", "most"), [(1, 3_500, 3_600), (-1, 0, 0)])
async def test_the_time_may_be_a_date(hours: int, least: float, most: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    async with Receiver(says(503, retry_after=date)) as receiver:
        answer = await sent(receiver.url)

    assert answer.retry_after is not None
    assert least <= answer.retry_after <= most


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "0x7f.0.0.1", "[::ffff:127.0.0.1]"])
async def test_nothing_is_sent_to_a_private_address_however_it_is_written(host: str) -> None:
    async with Receiver() as receiver:
        answer = await sent(f"http://{host}:{receiver.port}/", private=False)

    assert "private network" in (answer.error or "")
    assert receiver.requests == []


async def test_one_private_address_among_public_ones_is_enough_to_send_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", leads_to("127.0.0.1", "93.184.215.14"))
        answer = await sent(f"http://site.example:{receiver.port}/", private=False)

    assert answer.error == "its name leads into a private network"
    assert receiver.requests == []


async def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever rules a name may answer something else the second time."""
    async with Receiver(host="127.0.0.2") as checked, Receiver(host="127.0.0.3", port=checked.port) as other:
        answers = [leads_to("127.0.0.2"), leads_to("127.0.0.3")]
        asked = []

        def look_up(host: str, port: int, *rest: object, **more: object) -> Any:
            asked.append(host)
            return answers.pop(0)(host, port)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        answer = await sent(f"http://site.example:{checked.port}/")

    assert answer == Answer(204)
    assert asked == ["site.example"]
    assert [received.headers["host"] for received in checked.requests] == [f"site.example:{checked.port}"]
    assert other.requests == []


async def test_where_one_address_cannot_be_reached_the_next_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", leads_to("127.0.0.2", "127.0.0.1"))

        assert await sent(f"http://site.example:{receiver.port}/") == Answer(204)


async def test_a_name_that_is_looked_up_for_ever_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def look_up(*_: object, **__: object) -> list[Any]:
        go.wait(SECONDS)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        answers = await asyncio.gather(*(sent("http://site.example/", seconds=0.2) for _ in range(10)))
    finally:
        go.set()

    assert {answer.fault for answer in answers} == {"it did not answer within 0.2 s"}


async def test_the_certificate_must_be_that_of_the_name(trusted: ssl.SSLContext) -> None:
    async with Receiver(context=certificate("here")) as receiver:
        url = f"https://localhost:{receiver.port}/"
        assert await sent(url, trusted=trusted) == Answer(204)
        received = await receiver.next()
        assert (await sent(url)).error == "its certificate is not trusted: unable to get local issuer certificate"
    assert received.verified() == RECORD
    assert received.headers["host"] == f"localhost:{receiver.port}"

    async with Receiver(context=certificate("elsewhere")) as receiver:
        answer = await sent(f"https://localhost:{receiver.port}/", trusted=trusted)

    assert (answer.error or "").startswith("its certificate is not trusted: Hostname mismatch")
    assert receiver.requests == []


async def test_no_name_profits_from_a_connection_that_was_made_for_another(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", leads_to("127.0.0.1"))
    async with (
        Receiver(context=certificate("here")) as receiver,
        Sender([SecretStr(SECRET)], seconds=SECONDS, private=True, trusted=trusted) as sender,
    ):
        first = await sender.send(DELIVERY, f"https://localhost:{receiver.port}/", BODY)
        second = await sender.send(DELIVERY, f"https://site.example:{receiver.port}/", BODY)

    assert first == Answer(204)
    assert (second.fault or "").startswith("its certificate is not trusted: Hostname mismatch")
    assert len(receiver.requests) == 1


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await sent(receiver.url) == Answer(204)

    assert proxy.requests == []


@pytest.mark.parametrize("url", ["http://ann:secret@127.0.0.1/", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"])
async def test_what_no_webhook_may_have_as_its_url_is_not_sent_to(url: str) -> None:
    answer = await sent(url)

    assert (answer.fault or "").startswith("its URL must ")
    assert "secret" not in (answer.fault or "")
