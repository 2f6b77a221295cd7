"""Which URLs a webhook may have, and which addresses it may be sent to. Pure.

`check_webhook_url` is for whoever accepts a URL, and again for whoever sends to it. What a name leads to is found out
where it is sent from, and then each address is looked at by `is_public`.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

MOST_CHARACTERS = 2_000
LOWEST_FREE_PORT = 1_024
PORTS = {"http": 80, "https": 443}
"""Of the ports below LOWEST_FREE_PORT only these: behind the others are mail servers and the like."""

_NEVER_IN_A_URL = frozenset(' \\"<>^`{|}')
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


def check_webhook_url(url: str, *, private: bool) -> None:
    """Raises ValueError, with a sentence for whoever named it, for a URL that no webhook may have.

    `private` is the setting `LIMNER_WEBHOOK_PRIVATE`: with it every address and every port is allowed.
    """
    if len(url) > MOST_CHARACTERS:
        raise ValueError(f"must have at most {MOST_CHARACTERS} characters")
    if not url.isascii() or not url.isprintable() or _NEVER_IN_A_URL & set(url):
        raise ValueError("must be a URL as it is sent: other characters %-escaped, other letters in a name as xn--")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must be a URL, such as https://site.example/limner") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("must be an http or https URL, such as https://site.example/limner")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    if "#" in url:
        raise ValueError("must not have a fragment")
    if private:
        return
    if port is not None and port < LOWEST_FREE_PORT and port not in PORTS.values():
        raise ValueError(f"must have the port 80, 443 or one from {LOWEST_FREE_PORT} on")
    address = _written_address(parts.hostname)
    if address is not None and not is_public(address):
        raise ValueError("must not lead into a private network")


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, also where it is one of IPv4 in the clothes of IPv6."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_UNICAST and address.is_global


def _written_address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which a packet really goes: mapped, by 6to4, or by NAT64's well-known prefix."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
