"""Who is let in: how many connections a process and an address may have, whichever way they come."""

from collections import Counter
from ipaddress import IPv6Address

from starlette.types import Scope

from server.hub.counters import Counters, Refusal, Transport
from server.hub.drain import Drain
from server.problems import Problem

RETRY_SECONDS = 5
IPV6_NETWORK_BITS = 64
"""What one customer is given at the least: whoever has one such address has all of them."""


class Admission:
    """Counts the open connections: WebSockets, event streams and held requests.

    `leave` once for each `enter` that let somebody in. `open` says how many there are, by transport.
    """

    def __init__(self, drain: Drain, counters: Counters, *, most: int, most_per_address: int) -> None:
        self._drain = drain
        self._counters = counters
        self._most = most
        self._most_per_address = most_per_address
        self._by_place: Counter[str] = Counter()
        self.open: Counter[Transport] = Counter()

    def enter(self, transport: Transport, address: str) -> Refusal | None:
        """Let one in. Or answer, and count, why not."""
        place = place_of(address)
        refusal = self._refusal(place)
        if refusal is not None:
            self._counters.refused[refusal] += 1
            return refusal
        self.open[transport] += 1
        self._by_place[place] += 1
        return None

    def leave(self, transport: Transport, address: str) -> None:
        place = place_of(address)
        self.open[transport] -= 1
        self._by_place[place] -= 1
        if not self._by_place[place]:
            del self._by_place[place]

    def _refusal(self, place: str) -> Refusal | None:
        if self._drain.begun:
            return Refusal.DRAINING
        if self.open.total() >= self._most:
            return Refusal.FULL
        if self._by_place[place] >= self._most_per_address:
            return Refusal.CROWDED
        return None


def address_of(scope: Scope) -> str:
    """Where a request or a WebSocket comes from."""
    client = scope.get("client")
    return str(client[0]) if client is not None else ""


def place_of(address: str) -> str:
    """What is counted together: an IPv4 address, however it is written, or an IPv6 network."""
    if ":" not in address:
        return address
    try:
        ip = IPv6Address(address)
    except ValueError:
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Address(int(ip) >> IPV6_NETWORK_BITS << IPV6_NETWORK_BITS))


def problem_of(refusal: Refusal) -> Problem:
    """What a request is answered that is not let in."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    match refusal:
        case Refusal.CROWDED:
            return Problem(429, "There are too many connections from this address.", headers=headers)
        case Refusal.DRAINING:
            return Problem(503, "The server stops; another one, or this one again, is there soon.", headers=headers)
        case _:
            return Problem(503, "The server is full.", headers=headers)
