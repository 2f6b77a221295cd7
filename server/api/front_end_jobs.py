"""`/api/characters/portrait` and `/video`: the same jobs as everywhere, for front ends that name them themselves and
ask for their status in words of their own (docs/front-ends.md)."""

import contextlib
import hmac
import json
import uuid
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server import body
from server.api import answers
from server.api.from_portraits import check_portrait, check_storage
from server.api.front_end_words import WORDS, detail_of
from server.api.portraits import WantedPortrait
from server.api.sent_character import Description, SentCharacter
from server.api.submissions import Wanted, submit
from server.api.videos import WantedVideo
from server.problems import field_problem
from server.services import Services
from server.settings import ServerSettings
from storage.errors import IdTaken, JobUnknown, StoreUnavailable
from storage.records.ids import JobId, parse_job_id
from storage.records.inputs import PORTRAIT, SEEDS, VIDEO, VideoInput
from storage.records.job import JsonObject, Status

LONGEST_NAME = 200

Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    job_id: Name = Field(alias="jobId")
    seed: int | None = Field(None, ge=0, lt=SEEDS)


class SentPortrait(_Sent):
    description: Description | None = None
    character: SentCharacter | None = None


class SentVideo(_Sent):
    portrait: Annotated[str, AfterValidator(parse_job_id)] | None = None
    portrait_job_id: Name | None = Field(None, alias="portraitJobId")

    @model_validator(mode="after")
    def _one_of_both(self) -> "SentVideo":
        if (self.portrait is None) == (self.portrait_job_id is None):
            raise ValueError("portrait or portraitJobId must be given, and not both")
        return self


def routes(services: Services) -> list[Route]:
    calls = FrontEndJobs(services)
    return [
        Route("/api/characters/portrait", calls.portrait, methods=["POST"]),
        Route("/api/characters/video", calls.video, methods=["POST"]),
        Route("/api/characters/portrait/status", partial(calls.status, kind=PORTRAIT), methods=["GET"]),
        Route("/api/characters/video/status", partial(calls.status, kind=VIDEO), methods=["GET"]),
    ]


class FrontEndJobs:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    async def portrait(self, request: Request) -> Response:
        asked, sent = await body.read(request, SentPortrait, limit=self._services.settings.body_bytes)
        wanted = WantedPortrait(description=asked.description, character=asked.character, seed=asked.seed)
        return await self._begin(request, PORTRAIT, asked.job_id, wanted, wanted.input(), sent, pictures=1)

    async def video(self, request: Request) -> Response:
        check_storage(self._services, "makes no videos")
        asked, sent = await body.read(request, SentVideo, limit=self._services.settings.body_bytes)
        field = "portrait"
        portrait = asked.portrait
        if asked.portrait_job_id is not None:
            field, portrait = "portraitJobId", self._job_id(request, PORTRAIT, asked.portrait_job_id)
        if portrait is None:
            raise field_problem(field, "there is no such job")
        known = self._job_id(request, VIDEO, asked.job_id)
        await check_portrait(self._services, portrait, job_id=known, field=field)
        wanted = WantedVideo(portrait=portrait, seed=asked.seed)
        sent = {**{name: value for name, value in sent.items() if name != field}, "portrait": portrait}
        input = VideoInput(portrait=portrait, seed=wanted.seed_or_any())
        return await self._begin(request, VIDEO, asked.job_id, wanted, input, sent, pictures=0)

    async def status(self, request: Request, *, kind: str) -> Response:
        name = request.query_params.get("jobId", "")
        if not 1 <= len(name) <= LONGEST_NAME:
            raise field_problem("jobId", f"must be given, with 1 to {LONGEST_NAME} characters")
        job_id = self._job_id(request, kind, name)
        stored = await self._store.look(job_id) if job_id is not None else None
        if stored is None or (not stored.expired and stored.job.kind != kind):
            raise JobUnknown(name, expired=False)
        job = stored.job
        with contextlib.suppress(StoreUnavailable):
            await self._store.touch([stored])
        content: JsonObject = {
            "jobId": name,
            "status": WORDS[job.status].job,
            "detail": detail_of(job),
            "outputUrl": (job.result or {}).get("url") if job.status is Status.SUCCEEDED else None,
        }
        later = {} if job.final else {"Retry-After": str(answers.POLL_SECONDS)}
        return JSONResponse(content, headers={"Cache-Control": "no-store", **later})

    async def _begin(
        self,
        request: Request,
        kind: str,
        name: str,
        wanted: Wanted,
        input: BaseModel,
        sent: dict[str, Any],
        *,
        pictures: int,
    ) -> Response:
        sent = {field: value for field, value in sent.items() if field != "jobId"}
        id_of = partial(job_id_of, self._services.settings, kind, name)
        try:
            accepted = await submit(self._services, request, kind, wanted, input, sent, pictures=pictures, id_of=id_of)
        except IdTaken:
            raise field_problem("jobId", "this already belongs to a job with another input", 409) from None
        begun = {"jobId": name, "status": WORDS[Status.QUEUED].job}
        response = JSONResponse(begun, headers={"Cache-Control": "no-store"})
        response.raw_headers += [header for header in accepted.raw_headers if header[0] == b"set-cookie"]
        return response

    def _job_id(self, request: Request, kind: str, name: str) -> JobId | None:
        """The job that the caller means; none for one who has begun no job yet."""
        with contextlib.suppress(ValueError):
            return parse_job_id(name)
        owner = self._services.identity.caller(request).owner
        return job_id_of(self._services.settings, kind, name, owner) if owner is not None else None


def job_id_of(settings: ServerSettings, kind: str, name: str, owner: str) -> JobId:
    """The id of the job that this owner calls so. A UUID of version 4 is one itself; of any other text one is made,
    which nobody can tell who does not have the owner's session or key: a job's id is what lets somebody watch it."""
    with contextlib.suppress(ValueError):
        return parse_job_id(name)
    text = json.dumps([owner, kind, name]).encode()
    return JobId(str(uuid.UUID(bytes=hmac.digest(_secret(settings, owner), text, "sha256")[:16], version=4)))


def _secret(settings: ServerSettings, owner: str) -> bytes:
    """What stays the same when the server is started anew. Without LIMNER_SECRET it is the owner's own key; the name of
    a session is a secret itself, and does not outlive the process then."""
    own = [key for key, name in settings.keys.items() if owner == f"key:{name}"]
    known = (settings.secret.get_secret_value(), *own, settings.operator_key.get_secret_value())
    return next(filter(None, known), "").encode()
