"""`POST /portraits`."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints, model_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body
from server.api.sent_character import Description, SentCharacter
from server.api.submissions import Wanted, submit
from server.problems import field_problem
from server.services import Services
from storage.records.inputs import PORTRAIT, PortraitInput
from storage.records.media import PORTRAIT_PROVIDERS, PictureFormat

LEAST_SIDE, MOST_SIDE = 256, 1280


def _size(size: str) -> str:
    found = re.fullmatch(r"([0-9]{3,4})x([0-9]{3,4})", size)
    if found is None or not all(LEAST_SIDE <= int(side) <= MOST_SIDE for side in found.groups()):
        raise ValueError(f"must be WIDTHxHEIGHT, each {LEAST_SIDE} to {MOST_SIDE}, as in 640x640")
    return size


def _provider(name: str) -> str:
    if name not in PORTRAIT_PROVIDERS:
        raise ValueError(f"must be one of: {', '.join(PORTRAIT_PROVIDERS)}")
    return name


class WantedPortrait(Wanted):
    description: Description | None = None
    character: SentCharacter | None = None
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    size: Annotated[str, AfterValidator(_size)] = "640x640"
    format: PictureFormat = "png"
    provider: Annotated[str, AfterValidator(_provider)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_both(cls, sent: dict[str, Any]) -> dict[str, Any]:
        if (sent.get("description") is None) == (sent.get("character") is None):
            raise ValueError("description or character must be given, and not both")
        return sent

    def input(self) -> PortraitInput:
        width, height = (int(side) for side in self.size.split("x"))
        return PortraitInput(
            description=self.description if self.character is None else self.character.described(),
            character=self.character.whole() if self.character is not None else None,
            seed=self.seed_or_any(),
            width=width,
            height=height,
            format=self.format,
        )


def routes(services: Services) -> list[Route]:
    async def create(request: Request) -> Response:
        wanted, sent = await body.read(request, WantedPortrait, limit=services.settings.body_bytes)
        if wanted.provider not in (None, services.settings.portrait_provider):
            raise field_problem("provider", f"this server paints with {services.settings.portrait_provider} only")
        return await submit(
            services,
            request,
            PORTRAIT,
            wanted,
            wanted.input(),
            sent,
            pictures=1,
            subject=wanted.subject,
            provider=wanted.provider,
        )

    return [Route("/portraits", create, methods=["POST"])]
