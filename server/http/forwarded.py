"""What proxies say of the caller: believed of those named in `LIMNER_TRUSTED_PROXIES`, and of nobody else."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

PEER = "limner.peer"


class ForwardedHeaders:
    """Puts the address and the scheme of `X-Forwarded-For` and `-Proto` in the place of the proxy's own.

    Of several hops it is the last one that is not trusted: what stands before that anybody may have written. A hop that
    is no address counts as the proxy that named it.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app = app
        self._believing = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, self._check), list(trusted)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("client") is not None:
            host, port = scope["client"]
            scope["client"] = scope[PEER] = (_plain(host), port)
        await self._believing(scope, receive, send)

    async def _check(self, scope: Scope, receive: Receive, send: Send) -> None:
        if PEER in scope and not _is_address(scope["client"][0]):
            scope["client"] = scope[PEER]
        await self._app(scope, receive, send)


def _plain(host: str) -> str:
    """An IPv4 address that came over an IPv6 socket, as it is written in settings."""
    if not host.startswith("::ffff:"):
        return host
    return str(IPv6Address(host).ipv4_mapped or host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
