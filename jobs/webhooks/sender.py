"""One attempt to deliver a webhook: a signed POST to an address that was checked."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast

import httpx
from pydantic import SecretStr
from standardwebhooks import Webhook

from jobs.webhooks.addresses import Refused, addresses_of
from jobs.webhooks.schedule import Answer
from storage.webhook_urls import PORTS, check_webhook_url

CONNECT_SECONDS = 5.0
BODY_BYTES = 4_096
BODY_SECONDS = 1.0
"""Of an answer's body so much is taken, for so long: some receivers are disturbed when nobody does. Nobody reads it."""


class Sender:
    """Sends, `seconds` at most each. `async with` it.

    Every attempt has a connection of its own: one that is used again is known by its address, and another name may lead
    there too. No proxy of the environment is asked, for it would connect to what it likes; `SSL_CERT_FILE` and
    `SSL_CERT_DIR` are heeded. `trusted` is for those who trust other authorities.
    """

    def __init__(
        self, secrets: Sequence[SecretStr], *, seconds: float, private: bool, trusted: ssl.SSLContext | None = None
    ) -> None:
        self._webhooks = [Webhook(secret.get_secret_value()) for secret in secrets]
        self._seconds = seconds
        self._private = private
        self._transport = httpx.AsyncHTTPTransport(
            verify=trusted or httpx.create_ssl_context(),
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def __aenter__(self) -> "Sender":
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def send(self, delivery: str, url: str, body: bytes) -> Answer:
        """POST `body` to `url`. `delivery` is the `webhook-id`. Whatever goes wrong is in the answer."""
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._post(delivery, url, body)
        except TimeoutError:
            return Answer(fault=f"it did not answer within {self._seconds:g} s")
        except Refused as error:
            return Answer(fault=str(error))
        except (httpx.TransportError, OSError) as error:
            return Answer(fault=_in_words(error))
        await _hang_up(response, min(BODY_SECONDS, self._seconds))
        return Answer(response.status_code, retry_after=_retry_after(response.headers.get("retry-after")))

    async def _post(self, delivery: str, url: str, body: bytes) -> httpx.Response:
        """The answer of the first of its addresses that can be connected to; its body is still to come."""
        try:
            check_webhook_url(url, private=self._private)
            target = httpx.URL(url)
        except (ValueError, httpx.InvalidURL) as error:
            raise Refused(f"its URL {error}") from None
        host = target.raw_host.decode("ascii")
        fault: httpx.TransportError | None = None
        for address in await addresses_of(host, target.port or PORTS[target.scheme], private=self._private):
            request = httpx.Request(
                "POST",
                target.copy_with(host=address),
                headers={"Host": target.netloc.decode("ascii"), **self._headers(delivery, body)},
                content=body,
                extensions={"sni_hostname": host, "timeout": {"connect": CONNECT_SECONDS}},
            )
            try:
                return await self._transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                fault = error
        raise fault or Refused("its name leads nowhere")

    def _headers(self, delivery: str, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "Limner",
            "webhook-id": delivery,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(webhook.sign(delivery, now, body.decode()) for webhook in self._webhooks),
        }


async def _hang_up(response: httpx.Response, seconds: float) -> None:
    """The status is known, so that nothing counts any more of what the body does."""
    taken = 0
    with contextlib.suppress(httpx.TransportError, OSError):
        chunks = cast(AsyncGenerator[bytes, None], response.aiter_raw())
        async with asyncio.timeout(seconds), contextlib.aclosing(chunks):
            async for chunk in chunks:
                taken += len(chunk)
                if taken >= BODY_BYTES:
                    break
    with contextlib.suppress(httpx.TransportError, OSError):
        await response.aclose()


def _retry_after(value: str | None) -> float | None:
    """Seconds, from a number or a date (RFC 9110 section 10.2.3)."""
    if value is None:
        return None
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _in_words(error: Exception) -> str:
    """For the operator. Not what the library says, which may hold addresses."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS as it should"
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return "it could not be reached"
        case httpx.ProtocolError():
            return "what it answered is not HTTP, or was broken off"
        case _:
            return "the connection was lost"
