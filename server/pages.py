"""The pages and the modules they are made of, served as they were written."""

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).resolve().parent.parent / "web"
PARTS = ("client", "elements", "app")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Modules(StaticFiles):
    """Static files that a browser asks about again each time; the answer is mostly 304."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def routes() -> list[BaseRoute]:
    # What the system's table says of .js differs from machine to machine, and a module of another type is not run.
    mimetypes.add_type("text/javascript", ".js")

    def page(file: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_: Request) -> Response:
            return FileResponse(WEB / "app" / file, headers=HEADERS)

        return answer

    return [
        Route("/", page("index.html")),
        Route("/queue", page("queue.html")),
        *(Mount(f"/web/{part}", Modules(directory=WEB / part, check_dir=False)) for part in PARTS),
    ]
