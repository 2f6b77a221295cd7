"""`POST /uploads`: a portrait into the object store, for applications that have worlds of their own."""

import asyncio
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints, field_validator, model_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body
from server.api.from_portraits import check_portrait, check_storage
from server.api.submissions import Wanted, submit
from server.api.world_access import may_change
from server.problems import Problem, field_problem
from server.services import Services
from storage.pictures import NoPicture, decoded
from storage.records.ids import parse_id, parse_job_id
from storage.records.inputs import UPLOAD, UploadInput
from storage.records.world import WorldId

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")]
"""A part of an object's key, in an application's own words."""


class WantedUpload(Wanted):
    portrait: Annotated[str, AfterValidator(parse_job_id)] | None = None
    image_base64: str | None = None
    world_id: Name
    character_id: Name

    @field_validator("seed")
    @classmethod
    def _has_none(cls, seed: int | None) -> int | None:
        if seed is not None:
            raise ValueError("an upload has no seed")
        return seed

    @model_validator(mode="before")
    @classmethod
    def _one_of_both(cls, sent: dict[str, Any]) -> dict[str, Any]:
        if (sent.get("portrait") is None) == (sent.get("image_base64") is None):
            raise ValueError("portrait or image_base64 must be given, and not both")
        return sent


def routes(services: Services) -> list[Route]:
    async def create(request: Request) -> Response:
        check_storage(services, "puts no pictures away")
        wanted, sent = await body.read(request, WantedUpload, limit=services.settings.upload_bytes)
        ours = await _world_of_ours(services, request, wanted)
        await _check_picture(services, wanted)
        input = UploadInput(
            portrait=wanted.portrait,
            image_base64=wanted.image_base64,
            world_id=ours or wanted.world_id,
            character_id=wanted.character_id,
            ours=ours is not None,
        )
        return await submit(services, request, UPLOAD, wanted, input, sent, pictures=0)

    return [Route("/uploads", create, methods=["POST"])]


async def _world_of_ours(services: Services, request: Request, wanted: WantedUpload) -> WorldId | None:
    """The world, if it is one that is kept here: its pictures stand there as well. Raises Problem 403 where it is
    another's."""
    if services.kept is None:
        return None
    try:
        world_id = WorldId(parse_id(wanted.world_id))
    except ValueError:
        return None
    world = await services.kept.worlds.look(world_id)
    if world is None:
        return None
    if not may_change(services.identity.caller(request), world):
        raise Problem(403, "Only the one whose world this is may put pictures into it.")
    return world_id


async def _check_picture(services: Services, wanted: WantedUpload) -> None:
    """Raises Problem 422 for what is no picture. That all of it can be read is the job's affair."""
    if (text := wanted.image_base64) is not None:
        try:
            await asyncio.to_thread(decoded, text)
        except NoPicture as error:
            raise field_problem("image_base64", f"is no picture that is taken: {error}") from None
    elif wanted.portrait is not None:
        await check_portrait(services, wanted.portrait, job_id=wanted.id)
