"""`/characters/<id>/image`: the portrait of one character, for front ends that know characters and no worlds
(docs/front-ends.md)."""

import contextlib

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.api import answers
from server.api.front_end_words import STOPPED, WORDS, detail_of
from server.api.generation import Generation
from server.api.world_access import check_may_change, kept_in, unknown_world
from server.problems import Problem
from server.services import Services
from storage.errors import PieceUnknown, StoreUnavailable
from storage.records.ids import JobId, parse_id
from storage.records.job import FINAL, Job, JsonObject, Status
from storage.records.world import Making, Medium, Piece, PieceId


def routes(services: Services) -> list[Route]:
    images = CharacterImages(services)
    return [
        Route("/characters/{id}/image", images.ask, methods=["POST"]),
        Route("/characters/{id}/image-status", images.status, methods=["GET"]),
    ]


class CharacterImages:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._generation = Generation(services)

    async def ask(self, request: Request) -> Response:
        """Have one more painted; where one is being painted already, it is that one."""
        piece = await self._piece(request)
        world = await kept_in(self._services).worlds.look(piece.world_id)
        if world is None:
            raise unknown_world()
        check_may_change(self._services.identity.caller(request), world)
        task, is_new = await self._generation.ask_one_more(request, world, piece, "portrait")
        job = None if is_new else await self._live(task)
        status = job.status if job is not None and not job.final else Status.QUEUED
        content = {"character_id": piece.id, "status": WORDS[status].image, "task_id": task}
        return JSONResponse(content, 202, headers={"Cache-Control": "no-store"})

    async def status(self, request: Request) -> Response:
        """As the character's row has it; while that says it is unfinished, as its job stands at this moment."""
        piece = await self._piece(request)
        portrait = piece.portrait
        if portrait.status is None and not portrait.there:
            raise Problem(404, "No image was asked for this character.")
        medium = await self._medium(piece)
        job = await self._live(portrait.job) if portrait.job is not None and portrait.being_made else None
        status = _status(portrait, medium, job)
        there = status is Status.SUCCEEDED
        content = {
            "character_id": piece.id,
            "status": WORDS[status].image,
            "task_id": portrait.job,
            "image_url": portrait.url if there else None,
            "metadata": _of_picture(medium) if there else _of_work(job, status),
            "error": _error(portrait, job, status),
        }
        later = (
            {} if there or status in (Status.FAILED, Status.CANCELED) else {"Retry-After": str(answers.POLL_SECONDS)}
        )
        return JSONResponse(content, headers={"Cache-Control": "no-store", **later})

    async def _medium(self, piece: Piece) -> Medium | None:
        """The portrait that was asked for last."""
        if (job := piece.portrait.job) is None:
            return None
        made = await kept_in(self._services).media.history(piece.id, job=job)
        return next((medium for medium in made if medium.kind == "portrait"), None)

    async def _piece(self, request: Request) -> Piece:
        kept = kept_in(self._services)
        try:
            piece_id = PieceId(parse_id(request.path_params["id"]))
        except ValueError:
            raise PieceUnknown from None
        world_id = await kept.lore_pieces.world_of(piece_id)
        piece = await kept.lore_pieces.look(world_id, piece_id) if world_id is not None else None
        if piece is None:
            raise PieceUnknown
        return piece

    async def _live(self, job_id: str) -> Job | None:
        """None also while Redis cannot be reached: the character's row says it then, a moment later."""
        with contextlib.suppress(StoreUnavailable):
            stored = await self._services.store.look(JobId(job_id))
            return stored.job if stored is not None and not stored.expired else None
        return None


def _status(portrait: Making, medium: Medium | None, job: Job | None) -> Status:
    """Succeeded is only what is in the object store: until then a picture that is finished is still being made."""
    status = job.status if job is not None else portrait.status
    if status in (Status.SUCCEEDED, None):
        arrived = medium.url is not None if medium is not None else portrait.coming is None
        return Status.SUCCEEDED if arrived and portrait.url is not None else Status.PROCESSING
    return status


def _error(portrait: Making, job: Job | None, status: Status) -> str | None:
    match status:
        case Status.FAILED if job is not None:
            return detail_of(job)
        case Status.FAILED:
            return str(portrait.error["message"]) if portrait.error is not None else None
        case Status.CANCELED:
            return STOPPED
        case _:
            return None


def _of_picture(medium: Medium | None) -> JsonObject | None:
    if medium is None:
        return None
    return {
        "content_type": medium.content_type,
        "width": medium.width,
        "height": medium.height,
        "bytes": medium.bytes,
    }


def _of_work(job: Job | None, status: Status) -> JsonObject | None:
    if job is None or status in FINAL:
        return None
    return {"progress": job.progress, "stage": job.stage, "expected_at": job.expected_at}
