"""`/jobs`: looking at jobs. What changes them is in `server.api.control`."""

import contextlib
import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.api import answers
from server.conditions import matches, wait_seconds
from server.hub.polling import EXPIRED
from server.problems import field_problem
from server.services import Services
from storage.errors import JobUnknown, StoreUnavailable
from storage.records.encoding import NO_VERSION, is_final, version_of
from storage.records.ids import JobId, parse_job_id
from storage.stored import Stored

LISTED = 100


def routes(services: Services) -> list[Route]:
    jobs = Jobs(services)
    return [
        Route("/jobs", jobs.several, methods=["GET"]),
        Route("/jobs/{id}", jobs.one, methods=["GET"]),
    ]


def job_id_in(request: Request) -> JobId:
    """The id in the path. What is no id is no job's."""
    try:
        return parse_job_id(request.path_params["id"])
    except ValueError:
        raise JobUnknown(request.path_params["id"], expired=False) from None


class Jobs:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    async def one(self, request: Request) -> Response:
        """One job. Held while it is unfinished, unchanged, and the caller would wait."""
        job_id = job_id_in(request)
        record = await self._record(job_id)
        waited: Mapping[str, str] = {}
        unchanged = matches(request, answers.etag_of(record))
        if unchanged and not is_final(record):
            seconds = wait_seconds(request, most=self._services.settings.wait_seconds)
            if seconds:
                waited = await self._held(request, {job_id: version_of(record)}, seconds)
                record = await self._record(job_id)
                unchanged = matches(request, answers.etag_of(record))
        if unchanged:
            return Response(status_code=304, headers={**answers.job_headers(record), **waited})
        return answers.job(record, headers=waited)

    async def _held(self, request: Request, had: Mapping[JobId, bytes], seconds: float) -> Mapping[str, str]:
        """Wait for another state than the caller has. Answers the headers that say whether it was waited for."""
        held = await self._services.held_requests.until_change(request.scope, had, seconds)
        return answers.WAITED if held else {}

    async def _record(self, job_id: JobId) -> bytes:
        stored = await self._store.look(job_id)
        if stored is None or stored.record is None:
            raise JobUnknown(job_id, expired=stored is not None)
        if stored.keeps is not None:
            await self._touch([stored])
        return stored.record

    async def several(self, request: Request) -> Response:
        """The jobs that were asked for by id; without ids the caller's own."""
        ids = request.query_params.getlist("id")
        return await self._asked_for(request, ids) if ids else await self._own(request)

    async def _own(self, request: Request) -> Response:
        active = request.query_params.get("active", "0")
        if active not in ("0", "1"):
            raise field_problem("active", "must be 0 or 1")
        owner = self._services.identity.caller(request).owner
        found = await self._store.owned(owner, limit=LISTED, active=active == "1") if owner is not None else []
        body = b'{"jobs":' + answers.jobs(found) + b"}"
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def _asked_for(self, request: Request, ids: list[str]) -> Response:
        if len(ids) > self._services.settings.max_jobs:
            raise field_problem("id", f"at most {self._services.settings.max_jobs} may be asked for")
        try:
            wanted = list(dict.fromkeys(parse_job_id(text) for text in ids))
        except ValueError as error:
            raise field_problem("id", str(error)) from None
        found = await self._found(wanted)
        seconds = wait_seconds(request, most=self._services.settings.wait_seconds)
        waited: Mapping[str, str] = {}
        if seconds and matches(request, _tag(found)) and _unsettled(found):
            had = {job_id: _state(stored) for job_id, stored in found.items()}
            waited = await self._held(request, had, seconds)
            found = await self._found(wanted)
        headers = {**waited, "ETag": answers.quoted(_tag(found)), "Cache-Control": "no-cache"}
        if _unsettled(found):
            headers["Retry-After"] = str(answers.POLL_SECONDS)
        if matches(request, _tag(found)):
            return Response(status_code=304, headers=headers)
        return Response(_body(found), media_type="application/json", headers=headers)

    async def _found(self, wanted: list[JobId]) -> dict[JobId, Stored | None]:
        found = await self._store.get_many(wanted)
        await self._touch([stored for stored in found if stored is not None])
        return dict(zip(wanted, found, strict=True))

    async def _touch(self, seen: list[Stored]) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self._store.touch(seen)


def _unsettled(found: Mapping[JobId, Stored | None]) -> bool:
    """Whether something is to come by itself: a job is unfinished, or not there yet."""
    return any(
        stored is None or (stored.record is not None and not is_final(stored.record)) for stored in found.values()
    )


def _state(stored: Stored | None) -> bytes:
    if stored is None:
        return NO_VERSION
    return version_of(stored.record) if stored.record is not None else EXPIRED


def _tag(found: Mapping[JobId, Stored | None]) -> str:
    digest = hashlib.sha256()
    for job_id, stored in found.items():
        digest.update(job_id.encode() + b"=" + _state(stored) + b";")
    return digest.hexdigest()[:32]


def _body(found: Mapping[JobId, Stored | None]) -> bytes:
    kept = [stored for stored in found.values() if stored is not None and not stored.expired]
    unknown = [job_id for job_id, stored in found.items() if stored is None or stored.expired]
    expired = [job_id for job_id, stored in found.items() if stored is not None and stored.expired]
    return b'{"jobs":' + answers.jobs(kept) + b',"unknown":' + _array(unknown) + b',"expired":' + _array(expired) + b"}"


def _array(ids: list[JobId]) -> bytes:
    return b"[" + b",".join(b'"' + job_id.encode() + b'"' for job_id in ids) + b"]"
