"""`GET /health`: alive. `GET /ready`: able to take jobs in and to deliver events."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.services import Services
from storage.connect import store_errors
from storage.errors import StoreUnavailable


def routes(services: Services) -> list[Route]:
    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        if not services.hub.up:
            raise StoreUnavailable("no event connection")
        with store_errors():
            await services.redis.ping()
        return JSONResponse({"status": "ready"})

    return [Route("/health", health), Route("/ready", ready)]
