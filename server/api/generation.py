"""Asking for portraits and videos of the characters of a world: for all that are missing, or for one more."""

import json
import time
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body, problems
from server.admission import address_of
from server.api import answers
from server.api.job_input import NotPossible, input_of
from server.api.world_access import check_may_change, found_piece, kept_in, own_world, unknown_world, world_id_in
from server.api.world_input import OneMorePortrait, OneMoreVideo, WantedMissing
from server.api.world_json import WorldJson
from server.hub.counters import Unstored
from server.problems import Problem
from server.services import Services
from storage.errors import BeingMade, PieceUnknown, QueueFull, QuotaSpent, StoreFull, StoreUnavailable
from storage.logs import Event, log
from storage.media_jobs import making_submission
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId, new_id, new_job_id
from storage.records.job import Job, timestamp
from storage.records.world import MediaKind, MediumId, NewMedium, Piece, World


def routes(services: Services) -> list[Route]:
    generation = Generation(services)
    return [
        Route("/worlds/{id}/generate", generation.missing, methods=["POST"]),
        Route("/worlds/{id}/characters/{character}/portrait", generation.portrait, methods=["POST"]),
        Route("/worlds/{id}/characters/{character}/video", generation.video, methods=["POST"]),
    ]


class Generation:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._json = WorldJson(services.settings)

    async def missing(self, request: Request) -> Response:
        """Ask for what is neither there nor being made. Those that are refused are told, if it was not all."""
        services, kept = self._services, kept_in(self._services)
        wanted, _ = await body.read(request, WantedMissing, limit=services.settings.body_bytes)
        caller = services.identity.caller(request)
        board = await kept.worlds.board(world_id_in(request))
        if board is None:
            raise unknown_world()
        check_may_change(caller, board.world)
        await services.limits.admit(caller, address_of(request.scope))
        if wanted.once and not await self._opens(board.world, wanted.kind):
            return _told([], [])
        missing = [piece for piece in board.pieces if piece.making(wanted.kind).missing]
        return _told(*await self._ask_for_each(request, board.world, missing, wanted.kind))

    async def _ask_for_each(
        self, request: Request, world: World, pieces: Sequence[Piece], kind: MediaKind
    ) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """The jobs, and who is left without one and why. Raises as `_ask` does where it refuses the very first."""
        jobs: list[dict[str, str]] = []
        left: list[dict[str, str]] = []
        refusal: Problem | None = None
        media = kept_in(self._services).media
        for piece in pieces:
            if refusal is not None:  # it will not be another for the next
                left.append({"character": piece.id, "reason": refusal.detail})
                continue
            try:
                job = await self._ask(request, world, piece, kind, await input_of(piece, kind, media))
                jobs.append({"character": piece.id, "job": job})
            except NotPossible as reason:
                left.append({"character": piece.id, "reason": str(reason)})
            except (BeingMade, PieceUnknown):
                pass  # somebody else asked, or deleted it, this moment
            except (Problem, StoreFull) as error:
                if not jobs:
                    raise
                refusal = problems.of(error)
                left.append({"character": piece.id, "reason": refusal.detail})
        return jobs, left

    async def portrait(self, request: Request) -> Response:
        wanted, _ = await body.read(request, OneMorePortrait, limit=self._services.settings.body_bytes)
        return await self._one_more(request, "portrait", wanted.seed, wanted.description)

    async def video(self, request: Request) -> Response:
        wanted, _ = await body.read(request, OneMoreVideo, limit=self._services.settings.body_bytes)
        return await self._one_more(request, "video", wanted.seed)

    async def _one_more(
        self, request: Request, kind: MediaKind, seed: int | None, description: str | None = None
    ) -> Response:
        """202 and the new job; 200 and the one that is making one already."""
        world = await own_world(self._services, request)
        piece = await found_piece(self._services, request, world)
        job_id, is_new = await self.ask_one_more(request, world, piece, kind, seed, description)
        location = {"Location": f"{self._services.settings.public_path}/jobs/{job_id}"}
        return answers.job(await self._record(JobId(job_id), kind), 202 if is_new else 200, location)

    async def ask_one_more(
        self,
        request: Request,
        world: World,
        piece: Piece,
        kind: MediaKind,
        seed: int | None = None,
        description: str | None = None,
    ) -> tuple[str, bool]:
        """Ask for one more of a character whose world the caller may change. Answers the job, and whether it is new:
        one may be making it already. Raises Problem 409, 429 or 503, PieceUnknown, StoreUnavailable."""
        limits = self._services.limits
        await limits.admit(self._services.identity.caller(request), address_of(request.scope))
        try:
            input = await input_of(piece, kind, kept_in(self._services).media, seed, description)
            return await self._ask(request, world, piece, kind, input), True
        except NotPossible as reason:
            raise Problem(409, str(reason)) from None
        except BeingMade as made:
            return made.job, False

    async def _opens(self, world: World, kind: MediaKind) -> bool:
        """Whether the board is to ask for this kind by itself, now and never again."""
        return kind in self._json.on_opening(world) and await kept_in(self._services).worlds.open(world.id, kind)

    async def _ask(self, request: Request, world: World, piece: Piece, kind: MediaKind, input: str) -> str:
        """Note what is wanted, and submit its job. Answers the job's id.

        What was noted is submitted by the sweep, should Redis not answer now. Raises BeingMade, PieceUnknown, and
        where nothing was done Problem 429 or 503.
        """
        services, kept = self._services, kept_in(self._services)
        caller, limits = services.identity.caller(request), services.limits
        pictures, provider = (1 if kind == "portrait" else 0), services.settings.portrait_provider
        quotas = limits.quotas(caller, address_of(request.scope), provider, pictures)
        medium = NewMedium(MediumId(new_id()), kind, new_job_id(), new_id(), input=input)
        await kept.media.ask(piece.id, medium)
        submission = making_submission(
            world.owner,
            kind,
            medium.job,
            input,
            name=piece.name,
            quotas=quotas,
            most_waiting=limits.most_waiting(caller),
        )
        try:
            await services.store.submit(submission)
        except (QuotaSpent, QueueFull) as error:
            await kept.media.withdraw(medium.id)
            raise limits.reached(error) from None
        except StoreFull:
            services.counters.unstored[Unstored.FULL] += 1
            await kept.media.withdraw(medium.id)
            raise
        except StoreUnavailable:
            services.counters.unstored[Unstored.AWAY] += 1
        else:
            log(Event.SUBMITTED, job=medium.job, kind=kind)
        return medium.job

    async def _record(self, job_id: JobId, kind: str) -> bytes:
        """The job's record; before it was submitted, that of one that is about to be."""
        try:
            stored = await self._services.store.look(job_id)
        except StoreUnavailable:
            stored = None
        if stored is not None and stored.record is not None:
            return stored.record
        job = Job(id=job_id, kind=kind, created_at=timestamp(int(time.time() * 1000)))
        return NO_VERSION + b"a" + job.model_dump_json().encode()


def _told(jobs: list[dict[str, str]], left: list[dict[str, str]]) -> Response:
    content = json.dumps({"jobs": jobs, "left": left})
    return Response(content, 202, {"Cache-Control": "no-store"}, "application/json")
