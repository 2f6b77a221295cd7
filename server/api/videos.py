"""`POST /videos`."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body
from server.api.from_portraits import check_portrait, check_storage
from server.api.submissions import Wanted, submit
from server.services import Services
from storage.records.ids import parse_job_id
from storage.records.inputs import VIDEO, VideoInput


class WantedVideo(Wanted):
    portrait: Annotated[str, AfterValidator(parse_job_id)]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


def routes(services: Services) -> list[Route]:
    async def create(request: Request) -> Response:
        check_storage(services, "makes no videos")
        wanted, sent = await body.read(request, WantedVideo, limit=services.settings.body_bytes)
        await check_portrait(services, wanted.portrait, job_id=wanted.id)
        input = VideoInput(portrait=wanted.portrait, seed=wanted.seed_or_any())
        return await submit(services, request, VIDEO, wanted, input, sent, pictures=0, subject=wanted.subject)

    return [Route("/videos", create, methods=["POST"])]
