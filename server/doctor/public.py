"""The addresses that browsers are given, tried out from here."""

import base64
import contextlib
import secrets
from collections.abc import Sequence

import httpx

from server.doctor.finding import Unfit
from server.settings import ServerSettings
from storage.errors import ObjectStoreUnavailable
from storage.objects.base import ObjectStore

ANSWER_SECONDS = 10.0

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
"""A pixel: what is served with the type of its bytes needs some."""
TYPE = "image/png"


async def fetch_object(objects: ObjectStore, settings: ServerSettings) -> None:
    """Put a small object, fetch it by the address that browsers get, and remove it.

    Raises Unfit, ObjectStoreUnavailable.
    """
    key = f"doctor/{secrets.token_hex(8)}.png"
    url = objects.url(key)
    if url.startswith("/"):
        url = own_address(settings) + url
    try:
        await objects.put(key, PNG, TYPE)
        if fault := await _fetched(url, settings):
            raise Unfit(fault)
    finally:
        with contextlib.suppress(ObjectStoreUnavailable):
            await objects.delete(key)


async def look_at_server(settings: ServerSettings) -> Sequence[str]:
    """Raises Unfit where LIMNER_PUBLIC_URL does not lead to a server."""
    if not settings.public_url:
        return ["LIMNER_PUBLIC_URL is not set: pages and pictures have the address that a browser came by."]
    url = settings.public_url.rstrip("/") + "/health"
    answer = await _get(url)
    if isinstance(answer, str):
        raise Unfit(
            f"{url} cannot be reached from here: {answer}. Start a server, or set LIMNER_PUBLIC_URL to where it is."
        )
    if answer.status_code != 200 or '"status"' not in answer.text[:100]:
        raise Unfit(
            f"{url} answers {answer.status_code}, and not as Limner does: LIMNER_PUBLIC_URL leads to something else, "
            "or the proxy does not strip its path."
        )
    return []


def own_address(settings: ServerSettings) -> str:
    """Where a server with these settings is reached on this machine."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 - nothing listens here
    host = everywhere.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return f"http://{host}:{settings.port}"


async def _fetched(url: str, settings: ServerSettings) -> str | None:
    """What is wrong with what browsers get at `url`."""
    answer = await _get(url)
    place = url.rpartition("/doctor/")[0]
    if isinstance(answer, str):
        if settings.s3_bucket:
            return f"Browsers cannot fetch objects: {place} cannot be reached: {answer}. Look at LIMNER_S3_PUBLIC_URL."
        return (
            f"Nothing answers at {place}: {answer}. The server serves the objects of LIMNER_OBJECTS_DIR: "
            "start it, and ask again."
        )
    where = "LIMNER_S3_PUBLIC_URL" if settings.s3_bucket else "LIMNER_PUBLIC_URL"
    if answer.status_code in (401, 403):
        return f"Browsers may not fetch objects: {place} answers {answer.status_code}. Let everybody read there."
    if answer.status_code != 200:
        return (
            f"Browsers do not find objects: {place} answers {answer.status_code} for one that is there. {where} has "
            "to lead to the same objects."
        )
    if answer.content != PNG:
        return f"Browsers get something else than the object at {place}: {where} leads elsewhere."
    told = answer.headers.get("content-type", "").partition(";")[0].strip()
    if told != TYPE:
        return (
            f"Browsers are told that a picture is {told or 'nothing'} at {place}: its Content-Type has to be passed on."
        )
    return None


async def _get(url: str) -> httpx.Response | str:
    """The answer, or in words why there is none."""
    try:
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as http:
            return await http.get(url)
    except httpx.TimeoutException:
        return "no answer in time"
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return str(error).rstrip(".") or type(error).__name__
