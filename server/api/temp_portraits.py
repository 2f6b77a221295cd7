"""`GET /temp-portraits/<id>`: the polling fallback in its oldest form, and the picture itself. Public: the id is the
secret."""

import contextlib
import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.api import answers
from server.api.jobs import job_id_in
from server.conditions import matches
from server.problems import Problem
from server.services import Services
from storage.errors import JobUnknown, StoreUnavailable
from storage.records.job import Job, Status
from storage.stored import Stored

KINDS = ("portrait", "photo")

WAITING = "Portrait is being generated"
UNKNOWN = "There is no such portrait"
EXPIRED = "This portrait is no longer kept"
CANCELED = "This portrait was stopped"
NOT_YET = "This portrait is not painted yet."
NO_PICTURE = "This portrait was not painted."

IMMUTABLE = "private, max-age=3600, immutable"


def routes(services: Services) -> list[Route]:
    portraits = TempPortraits(services)
    return [
        Route("/temp-portraits/{id}", portraits.status, methods=["GET"]),
        Route("/temp-portraits/{id}/image", portraits.image, methods=["GET"]),
    ]


class TempPortraits:
    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._portraits = services.portraits

    async def status(self, request: Request) -> Response:
        try:
            stored = await self._find(request)
        except JobUnknown as error:
            message, status = (EXPIRED, "expired") if error.expired else (UNKNOWN, "unknown")
            return _no_store({"ready": False, "message": message, "status": status}, 410 if error.expired else 404)
        job = stored.job
        if job.status is not Status.SUCCEEDED:
            headers = {} if job.final else {"Retry-After": str(answers.POLL_SECONDS)}
            return _no_store(_not_ready(job), 200, headers)
        text = await self._portraits.text(stored.id)
        if text is None:
            return _no_store({"ready": False, "message": EXPIRED, "status": "expired"}, 410)
        head = {"ready": True, "status": job.status, "progress": 1.0, **(job.result or {})}
        # Base64 needs no escaping: the picture goes out as it is kept.
        body = json.dumps(head).encode()[:-1] + b', "portrait": "' + text + b'"}'
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def image(self, request: Request) -> Response:
        stored = await self._find(request)
        job = stored.job
        if job.status is not Status.SUCCEEDED or job.result is None or stored.etag is None:
            raise Problem(404, NO_PICTURE if job.final else NOT_YET)
        right = request.query_params.get("v") == str(job.version)
        headers = {
            "ETag": answers.quoted(stored.etag),
            "Cache-Control": IMMUTABLE if right else "private, no-cache",
            "X-Content-Type-Options": "nosniff",
        }
        if matches(request, stored.etag):
            return Response(status_code=304, headers=headers)
        data = await self._portraits.data(stored.id)
        if data is None:
            raise JobUnknown(stored.id, expired=True)
        return Response(data, media_type=job.result["content_type"], headers=headers)

    async def _find(self, request: Request) -> Stored:
        job_id = job_id_in(request)
        stored = await self._store.look(job_id)
        if stored is None or stored.expired or stored.job.kind not in KINDS:
            raise JobUnknown(job_id, expired=stored is not None and stored.expired)
        with contextlib.suppress(StoreUnavailable):
            await self._store.touch([stored])
        return stored


def _not_ready(job: Job) -> dict[str, object]:
    message = WAITING
    if job.error is not None:
        message = job.error.message
    elif job.status is Status.CANCELED:
        message = CANCELED
    return {
        "ready": False,
        "message": message,
        "status": job.status,
        "progress": job.progress,
        "stage": job.stage,
        "expected_at": job.expected_at,
    }


def _no_store(content: dict[str, object], status: int, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(content, status, headers={"Cache-Control": "no-store", **(headers or {})})
