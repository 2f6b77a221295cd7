"""`GET /health`: alive. `GET /ready`: able to deliver events, which is more than a Redis that answers."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.problems import Problem
from server.services import Services
from storage.errors import StoreUnavailable


def routes(services: Services) -> list[Route]:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if services.drain.begun:
            raise Problem(503, "The server is stopping.", headers={"Retry-After": "1"})
        if not services.hub.ready:
            raise StoreUnavailable("events do not come in")
        if not services.clocks.whole:
            raise Problem(503, "A part of the server has ended by a fault.", headers={"Retry-After": "1"})
        return JSONResponse({"status": "ready"})

    return [Route("/health", health), Route("/ready", ready)]
