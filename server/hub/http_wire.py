"""The connection under an HTTP request, as far as the hub must know it. `server.http.protocol` is one."""

from collections.abc import Callable
from typing import Protocol, cast

from starlette.types import Scope

from server.hub.outbox import Wire

EXTENSION = "limner.http_wire"


class HttpWire(Wire, Protocol):
    """What is written to it goes out as a part of the response's body, once the response was begun."""

    on_ready: Callable[[], None] | None
    """Called whenever it is ready again."""
    on_lost: Callable[[], None] | None
    """Called when the connection is no more, and when it is `pipelined` and could be lost without being missed."""

    @property
    def pipelined(self) -> bool:
        """Another request waits behind: until this one is answered nothing is read, and nobody is missed."""
        ...

    @property
    def left(self) -> int:
        """Bytes that were written and that the peer has not acknowledged yet."""
        ...

    def keep_open(self, silence: float) -> None:
        """Prepare for a response without end, to a peer that may stop to take it in or vanish.

        Nothing but the kernel's least holds what waits; a peer that acknowledges nothing for `silence` seconds is lost.
        What the peer sends from now on, or has sent behind this request, is dropped.
        """

    def abort(self) -> None:
        """End the connection at once, and with it all that the peer has not taken."""


def wire_of(scope: Scope) -> HttpWire | None:
    """The connection that a request came on; none if it is lost already."""
    return cast(HttpWire | None, scope["extensions"].get(EXTENSION))
