"""`/operator`: what waits, runs and has failed, who works on it, and what an operator can do about it."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable
from statistics import quantiles

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.api import answers
from server.conditions import matches
from server.operator import require_operator
from server.problems import Problem
from server.services import Services
from storage.durations import Durations
from storage.keys import Keys
from storage.logs import Event, log
from storage.overview import ListedJob, OverviewReader, Row
from storage.providers import Providers
from storage.records.job import JsonObject, Status, timestamp
from storage.webhooks import Delivery, WebhookStore
from storage.workers import Worker

LISTED = 100
"""Of each status in each row, and of webhook deliveries."""
SESSION_CHARACTERS = 8


def routes(services: Services) -> list[Route]:
    queue = Queue(services)
    return [
        Route("/operator/queue", queue.look, methods=["GET"]),
        Route("/operator/providers/{name}/pause", queue.pause, methods=["POST"]),
        Route("/operator/providers/{name}/resume", queue.resume, methods=["POST"]),
        Route("/operator/webhooks/{delivery}/again", queue.again, methods=["POST"]),
    ]


class Queue:
    def __init__(self, services: Services) -> None:
        self._services = services
        commands, keys = services.store.commands, Keys(services.settings.redis_prefix)
        self._overviews = OverviewReader(commands, keys)
        self._providers = Providers(commands, keys)
        self._durations = Durations(commands, keys)
        self._webhooks = WebhookStore(commands, keys)

    async def look(self, request: Request) -> Response:
        """All of it. It names no time that goes on by itself, so that nothing new is 304."""
        require_operator(self._services, request)
        overview = await self._overviews.read(first=LISTED)
        ids = dict.fromkeys(id_ for row in overview.rows for named in row.ids.values() for id_ in named)
        jobs = await self._overviews.jobs(list(ids))
        running = _with(jobs, Status.PROCESSING)
        body = json.dumps(
            {
                "kinds": [await self._row(row) for row in overview.rows],
                "delayed": overview.delayed,
                "running": [_facts(job) for job in running],
                "waiting": [_facts(job) for job in sorted(_with(jobs, Status.QUEUED), key=_place)],
                "failed": [_facts(job) for job in _with(jobs, Status.FAILED)],
                "workers": [_worker(worker, running) for worker in overview.workers],
                "providers": [{"name": name, "paused": name in overview.paused} for name in overview.providers],
                "webhooks": [_delivery(delivery) for delivery in await self._webhooks.listed(limit=LISTED)],
            },
            ensure_ascii=False,
        ).encode()
        tag = hashlib.sha256(body).hexdigest()[:32]
        headers = {"ETag": answers.quoted(tag), "Cache-Control": "private, no-cache"}
        if matches(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def pause(self, request: Request) -> Response:
        return await self._switch(request, self._providers.pause, Event.PROVIDER_PAUSED, paused=True)

    async def resume(self, request: Request) -> Response:
        return await self._switch(request, self._providers.resume, Event.PROVIDER_RESUMED, paused=False)

    async def again(self, request: Request) -> Response:
        require_operator(self._services, request)
        delivery = request.path_params["delivery"]
        if not await self._webhooks.again(delivery):
            raise Problem(404, "There is no such delivery, or it is no longer known.")
        return JSONResponse({"id": delivery})

    async def _switch(
        self, request: Request, step: Callable[[str], Awaitable[None]], event: Event, *, paused: bool
    ) -> Response:
        require_operator(self._services, request)
        name = request.path_params["name"]
        overview = await self._overviews.read()
        if name not in overview.providers:
            raise Problem(404, "No worker works with such a provider, and no job waits for it.")
        await step(name)
        log(event, provider=name)
        return JSONResponse({"name": name, "paused": paused})

    async def _row(self, row: Row) -> JsonObject:
        recent = await self._durations.recent(row.kind, row.provider) if row.provider is not None else []
        return {
            "kind": row.kind,
            "provider": row.provider,
            "waiting": row.waiting,
            "running": row.running,
            "failed": row.failed,
            "waits_since": _time(row.waits_since),
            "seconds": _usual(recent),
        }


def _usual(recent: list[int]) -> JsonObject | None:
    """How long jobs usually take: half of them at most p50, nine of ten at most p90."""
    if not recent:
        return None
    tenths = quantiles([*recent, recent[0]] if len(recent) == 1 else recent, n=10, method="inclusive")
    return {"p50": round(tenths[4] / 1000, 2), "p90": round(tenths[8] / 1000, 2)}


def _with(jobs: Iterable[ListedJob], status: Status) -> list[ListedJob]:
    return [listed for listed in jobs if listed.job.status is status]


def _place(listed: ListedJob) -> tuple[float, int]:
    """Those first that are next; behind them, in the order in which they came, those whose place nobody counts."""
    position = listed.job.queue_position
    return position if position is not None else float("inf"), listed.queued_at or 0


def _facts(listed: ListedJob) -> JsonObject:
    job = listed.job
    return {
        "id": job.id,
        "kind": job.kind,
        "provider": job.provider,
        "status": job.status,
        "owner": shown(listed.owner),
        "attempt": job.attempt,
        "created_at": job.created_at,
        "queued_at": _time(listed.queued_at),
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "expected_at": job.expected_at,
        "queue_position": job.queue_position,
        "progress": job.progress,
        "stage": job.stage,
        "worker": listed.worker,
        "lease_until": _time(listed.lease_until),
        "error": job.error.model_dump(mode="json") if job.error is not None else None,
    }


def _worker(worker: Worker, running: Iterable[ListedJob]) -> JsonObject:
    return {
        "name": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "started_at": timestamp(worker.started),
        "running": worker.running,
        "kinds": {kind: place.model_dump() for kind, place in worker.kinds.items()},
        "leases": [
            {"job": listed.job.id, "lease_until": _time(listed.lease_until)}
            for listed in running
            if listed.worker == worker.name
        ],
    }


def _delivery(delivery: Delivery) -> JsonObject:
    """Without its URL, which may hold a secret."""
    return {
        "id": delivery.id,
        "job": delivery.job,
        "owner": shown(delivery.owner),
        "host": delivery.host,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error,
        "created_at": _time(delivery.created_at),
        "tried_at": _time(delivery.tried_at),
        "next_try": _time(delivery.next_try),
    }


def _time(milliseconds: int | None) -> str | None:
    return timestamp(milliseconds) if milliseconds is not None else None


def shown(owner: str) -> str:
    """An owner's name for a listing: of a session, which is a secret, only its first characters."""
    kind, colon, name = owner.partition(":")
    return f"{kind}{colon}{name[:SESSION_CHARACTERS]}" if kind == "session" else owner
