"""`POST /characters`."""

from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body
from server.api.submissions import Wanted, submit
from server.services import Services
from storage.records.inputs import CHARACTERS, CharactersInput

Theme = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


class WantedCharacters(Wanted):
    count: int = Field(ge=1, le=10)
    theme: Theme | None = None


def routes(services: Services) -> list[Route]:
    async def create(request: Request) -> Response:
        wanted, sent = await body.read(request, WantedCharacters, limit=services.settings.body_bytes)
        input = CharactersInput(count=wanted.count, theme=wanted.theme or None, seed=wanted.seed_or_any())
        return await submit(services, request, CHARACTERS, wanted, input, sent, pictures=wanted.count)

    return [Route("/characters", create, methods=["POST"])]
