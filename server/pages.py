"""The pages and the modules they are made of, served as they were written."""

import mimetypes
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.services import Services
from server.settings import ServerSettings

WEB = Path(__file__).resolve().parent.parent / "web"
PARTS = ("client", "elements", "app")

_QUALITY = re.compile(r"[01](\.\d{0,3})?")
_ORIGIN = re.compile(r"(https?://)(?:[^/?#]*@)?((?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?)(?=[/?#]|$)", re.IGNORECASE)


class Modules(StaticFiles):
    """Static files that a browser asks about again each time; the answer is mostly 304."""

    def __init__(self, directory: Path, headers: Mapping[str, str]) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._headers = headers

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self._headers)
        return response


def routes(services: Services) -> list[BaseRoute]:
    """The pages that have an address of their own, and the modules of all of them."""
    # What the system's table says of .js differs from machine to machine, and a module of another type is not run.
    mimetypes.add_type("text/javascript", ".js")
    headers = _headers(services.settings)

    def page(file: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_: Request) -> Response:
            return FileResponse(WEB / "app" / file, headers=headers)

        return answer

    return [
        Route("/", page("index.html")),
        Route("/queue", page("queue.html")),
        *(Mount(f"/web/{part}", Modules(WEB / part, headers)) for part in PARTS),
    ]


def answer(file: str, services: Services, *, status: int = 200) -> Response:
    """A page that shares its address with JSON, for whoever `prefers_page`. The JSON says `Vary: Accept` too."""
    return FileResponse(WEB / "app" / file, status, {**_headers(services.settings), "Vary": "Accept"})


def prefers_page(request: Request) -> bool:
    """Whether the caller would rather have HTML than JSON, as browsers say where a person goes to an address.

    Who takes either, as curl and `fetch` do, gets JSON.
    """
    ranges = _accepted(",".join(request.headers.getlist("Accept")))
    html = ranges.get("text/html", ranges.get("text/*", 0.0))
    either = ranges.get("*/*", 0.0)
    return html > max(either, ranges.get("application/json", ranges.get("application/*", 0.0)))


def policy(settings: ServerSettings) -> str:
    """The Content-Security-Policy: everything from the page's own origin, pictures and videos also from the bucket."""
    urls = (settings.public_url, settings.s3_public_url)
    elsewhere = "".join(f" {origin}" for origin in dict.fromkeys(map(_origin, urls)) if origin)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data: blob:{elsewhere}; media-src 'self' blob:{elsewhere}; connect-src 'self' ws: wss:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _headers(settings: ServerSettings) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy(settings),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }


def _origin(url: str) -> str:
    """Scheme, host and port of a URL; empty where there are none that a policy could name."""
    found = _ORIGIN.match(url)
    return "".join(found.groups()).lower() if found else ""


def _accepted(header: str) -> dict[str, float]:
    """The qualities by media range (RFC 9110, 12.5.1). A range whose quality is none counts as not named."""
    found: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((value[2:].strip() for value in parameters if value.startswith("q=")), "1")
        if _QUALITY.fullmatch(quality):
            found[name] = max(found.get(name, 0.0), min(1.0, float(quality)))
    return found
