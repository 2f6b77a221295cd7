"""The one list of origins: whose pages may open a WebSocket, call across origins, or call what changes something.

CORSMiddleware looks at neither WebSockets nor requests without a preflight, so that a form on a foreign page could
post.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from server.hub.counters import Counters, Refusal
from server.problems import Problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginGuard:
    """Refuses with 403 what comes from a page of an origin that is not in the list. Programs send no Origin."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str], counters: Counters) -> None:
        self._app = app
        self._counters = counters
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._refused(scope):
            self._counters.refused[Refusal.ORIGIN] += 1
            problem = Problem(403, "This page's origin may not use the server (LIMNER_ORIGINS).").response()
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).send_denial_response(problem)
            else:
                await problem(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refused(self, scope: Scope) -> bool:
        if scope["type"] == "http" and Request(scope).method in SAFE_METHODS:
            return False
        if scope["type"] not in ("http", "websocket"):
            return False
        return any(origin.lower() not in self._allowed for origin in Headers(scope=scope).getlist("origin"))
