"""What a receiver's name leads to, and whether a webhook may be sent there."""

import asyncio
import contextlib
import socket
import threading
from ipaddress import ip_address

from storage.webhook_urls import is_public


class Refused(Exception):
    """Nothing may be sent there. The message says why, in words for the operator."""


async def addresses_of(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses that `host` has now, best first. Connect to one of these, and do not look the name up again.

    Raises Refused if there is none or, unless `private` ones are allowed, if any is not public: a name with addresses
    of both sorts is a trap.
    """
    try:
        found = await _looked_up(host, port)
    except (OSError, UnicodeError):
        raise Refused("its name leads nowhere") from None
    addresses = list(dict.fromkeys(found))
    if not private and not all(is_public(ip_address(address)) for address in addresses):
        raise Refused("its name leads into a private network")
    return addresses


async def _looked_up(host: str, port: int) -> list[str]:
    """A look-up cannot be broken off: it has a thread of its own, and nobody waits for it who need not."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str] | Exception) -> None:
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def look_up() -> None:
        found: list[str] | Exception
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [str(address[0]) for *_, address in rows]
        except Exception as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=look_up, name=f"look-up of {host}", daemon=True).start()
    return await answer
