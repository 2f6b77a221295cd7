"""Stopping, repeating and removing jobs, one or several: for their owner and the operator."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body, problems
from server.admission import address_of
from server.api import answers
from server.api.jobs import job_id_in
from server.api.submissions import Id
from server.identity import Caller
from server.problems import Problem, field_problem
from server.services import Services
from storage.errors import JobUnknown, ObjectStoreUnavailable, QueueFull, QuotaSpent, StepRefused, SubjectTaken
from storage.logs import Event, log
from storage.objects.temporary import temporary_stem
from storage.records.ids import JobId
from storage.records.inputs import CharactersInput
from storage.records.job import Job
from storage.stored import StoredWithInput

MOST_REPEATED = 10_000
"""So many of those that failed are repeated by one call that names none."""
AT_ONCE = 64

Step = Callable[[Request, Caller, StoredWithInput], Awaitable[Job]]


class Named(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    jobs: list[Id]


class NamedOrFailed(BaseModel):
    """`all` is for the operator: the failed jobs of everybody."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    jobs: list[Id] | None = None
    all: bool = False


def routes(services: Services) -> list[Route]:
    control = Control(services)
    return [
        Route("/jobs/cancel", control.cancel_several, methods=["POST"]),
        Route("/jobs/retry", control.retry_several, methods=["POST"]),
        Route("/jobs/{id}", control.remove, methods=["DELETE"]),
        Route("/jobs/{id}/cancel", control.cancel, methods=["POST"]),
        Route("/jobs/{id}/retry", control.retry, methods=["POST"]),
    ]


class Control:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    async def cancel(self, request: Request) -> Response:
        return await self._one(request, self._cancel)

    async def retry(self, request: Request) -> Response:
        await self._services.limits.admit(self._caller(request), address_of(request.scope))
        return await self._one(request, self._retry)

    async def remove(self, request: Request) -> Response:
        return await self._one(request, self._remove)

    async def cancel_several(self, request: Request) -> Response:
        wanted, _ = await body.read(request, Named, limit=self._services.settings.body_bytes)
        return await self._several(request, self._named(wanted.jobs), self._cancel, "canceled")

    async def retry_several(self, request: Request) -> Response:
        """Those that are named, else the caller's that failed: of these, and of those, such as repeating can help."""
        wanted, _ = await body.read(request, NamedOrFailed, limit=self._services.settings.body_bytes)
        caller = self._caller(request)
        if wanted.all and not caller.operator:
            raise Problem(403, "Only the operator may repeat the jobs of everybody.")
        if wanted.all and wanted.jobs is not None:
            raise field_problem("all", "is for a call that names no jobs")
        await self._services.limits.admit(caller, address_of(request.scope))
        if wanted.jobs is not None:
            ids: Sequence[JobId] = self._named(wanted.jobs)
        elif wanted.all or caller.owner is not None:
            ids = await self._store.failed_ids(None if wanted.all else caller.owner, limit=MOST_REPEATED)
        else:
            ids = []
        return await self._several(request, ids, self._retry_if_it_helps, "retried")

    def _caller(self, request: Request) -> Caller:
        return self._services.identity.caller(request)

    def _named(self, ids: list[str]) -> Sequence[JobId]:
        most = self._services.settings.max_jobs
        if len(ids) > most:
            raise field_problem("jobs", f"at most {most} may be named")
        return list(dict.fromkeys(map(JobId, ids)))

    async def _one(self, request: Request, step: Step) -> Response:
        job = await self._take(request, job_id_in(request), step)
        letter = b"f" if job.final else b"a"
        return answers.job(b"%016d" % job.version + letter + job.model_dump_json().encode())

    async def _several(self, request: Request, ids: Sequence[JobId], step: Step, done: str) -> Response:
        """Take a step with each. Answers with which it was taken, and why not with the others."""
        taken: list[str] = []
        left: list[dict[str, str]] = []

        async def take(job_id: JobId) -> None:
            try:
                await self._take(request, job_id, step)
                taken.append(job_id)
            except (Problem, JobUnknown, StepRefused, SubjectTaken) as refusal:
                left.append({"id": job_id, "reason": problems.of(refusal).detail})

        for start in range(0, len(ids), AT_ONCE):
            steps = [take(job_id) for job_id in ids[start : start + AT_ONCE]]
            for fault in await asyncio.gather(*steps, return_exceptions=True):
                if fault is not None:
                    raise fault
        order = {job_id: place for place, job_id in enumerate(ids)}
        taken.sort(key=lambda id_: order[JobId(id_)])
        left.sort(key=lambda entry: order[JobId(entry["id"])])
        content = json.dumps({done: taken, "left": left})
        return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def _take(self, request: Request, job_id: JobId, step: Step) -> Job:
        stored = await self._store.get(job_id)
        if stored is None:
            raise JobUnknown(job_id, expired=False)
        caller = self._caller(request)
        if not caller.may_control(stored):
            raise Problem(403, "Only the one who asked for this job may do that.")
        return await step(request, caller, stored)

    async def _cancel(self, request: Request, caller: Caller, stored: StoredWithInput) -> Job:
        return _logged(Event.CANCELED, await self._store.cancel(stored.id))

    async def _remove(self, request: Request, caller: Caller, stored: StoredWithInput) -> Job:
        job = _logged(Event.REMOVED, await self._store.remove(stored.id))
        if job.kind == "video" and (objects := self._services.objects) is not None:
            # What cannot be removed now a worker removes: no job knows it any more.
            with contextlib.suppress(ObjectStoreUnavailable):
                keys = [listed.key async for listed in objects.list(temporary_stem(stored.id))]
                await objects.delete(*keys)
        return job

    async def _retry(self, request: Request, caller: Caller, stored: StoredWithInput) -> Job:
        limits = self._services.limits
        provider = self._services.settings.portrait_provider
        quotas = limits.quotas(caller, address_of(request.scope), provider, _pictures_left(stored))
        try:
            job = await self._store.retry(stored.id, quotas=quotas, most_waiting=limits.most_waiting(caller))
        except (QuotaSpent, QueueFull) as error:
            raise limits.reached(error) from None
        self._services.counters.retried += 1
        return _logged(Event.RETRIED, job)

    async def _retry_if_it_helps(self, request: Request, caller: Caller, stored: StoredWithInput) -> Job:
        error = stored.job.error
        if error is not None and not error.retryable:
            raise Problem(409, error.message)
        return await self._retry(request, caller, stored)


def _logged(event: Event, job: Job) -> Job:
    log(event, job=job.id, kind=job.kind)
    return job


def _pictures_left(stored: StoredWithInput) -> int:
    """How many pictures are still to be made of a job that is repeated."""
    job = stored.job
    if job.kind != "characters":
        return 1 if job.kind == "portrait" else 0
    wanted = CharactersInput.model_validate_json(stored.input).count
    return max(0, wanted - len((job.result or {}).get("characters", [])))
