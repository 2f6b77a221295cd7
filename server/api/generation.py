"""Asking for portraits and videos of the characters of a world: for all that are missing, or for one more."""

import json
import secrets
import time

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body, problems
from server.admission import address_of
from server.api import answers
from server.api.sent_character import SentCharacter
from server.api.world_access import check_may_change, found_piece, kept_in, own_world, unknown_world, world_id_in
from server.api.world_input import WantedMissing, WantedPortrait, WantedVideo
from server.api.world_json import WorldJson
from server.hub.counters import Unstored
from server.problems import Problem
from server.services import Services
from storage.errors import BeingMade, PieceUnknown, QueueFull, QuotaSpent, StoreFull, StoreUnavailable
from storage.logs import Event, log
from storage.media_jobs import making_submission
from storage.postgres_text import without_nul
from storage.records.character import Character
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId, new_id, new_job_id, parse_job_id
from storage.records.inputs import SEEDS, PortraitInput, VideoInput
from storage.records.job import Job, JsonObject, timestamp
from storage.records.world import PORTRAIT, MediaId, MediaKind, NewMedia, Piece, World

NO_PORTRAIT = "It has no portrait that could be set in motion, and none is being made."
LOST_PORTRAIT = "Its portrait is not in the object store of this server."


def routes(services: Services) -> list[Route]:
    generation = Generation(services)
    return [
        Route("/worlds/{id}/generate", generation.missing, methods=["POST"]),
        Route("/worlds/{id}/characters/{character}/portrait", generation.portrait, methods=["POST"]),
        Route("/worlds/{id}/characters/{character}/video", generation.video, methods=["POST"]),
    ]


class NotPossible(Exception):
    """There can be no video now; `args` holds the sentence that says why."""


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
        jobs: list[dict[str, str]] = []
        left: list[dict[str, str]] = []
        if wanted.once and not await self._opens(board.world, wanted.kind):
            return _told(jobs, left)
        refusal: Problem | None = None
        for piece in board.pieces:
            if not piece.making(wanted.kind).missing:
                continue
            if refusal is not None:  # it will not be another for the next
                left.append({"character": piece.id, "reason": refusal.detail})
                continue
            try:
                input = await self._input(piece, wanted.kind, WantedPortrait())
                job = await self._ask(request, board.world, piece, wanted.kind, input)
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
        return _told(jobs, left)

    async def portrait(self, request: Request) -> Response:
        wanted, _ = await body.read(request, WantedPortrait, limit=self._services.settings.body_bytes)
        return await self._one_more(request, "portrait", wanted)

    async def video(self, request: Request) -> Response:
        wanted, _ = await body.read(request, WantedVideo, limit=self._services.settings.body_bytes)
        return await self._one_more(request, "video", WantedPortrait(seed=wanted.seed))

    async def _one_more(self, request: Request, kind: MediaKind, wanted: WantedPortrait) -> Response:
        """202 and the new job; 200 and the one that is making one already."""
        world = await own_world(self._services, request)
        piece = await found_piece(self._services, request, world)
        job_id, is_new = await self.ask_one_more(request, world, piece, kind, wanted)
        location = {"Location": f"{self._services.settings.public_path}/jobs/{job_id}"}
        return answers.job(await self._record(JobId(job_id), kind), 202 if is_new else 200, location)

    async def ask_one_more(
        self, request: Request, world: World, piece: Piece, kind: MediaKind, wanted: WantedPortrait
    ) -> tuple[str, bool]:
        """Ask for one more of a character whose world the caller may change. Answers the job, and whether it is new:
        one may be making it already. Raises Problem 409, 429 or 503, PieceUnknown, StoreUnavailable."""
        limits = self._services.limits
        await limits.admit(self._services.identity.caller(request), address_of(request.scope))
        try:
            return await self._ask(request, world, piece, kind, await self._input(piece, kind, wanted)), True
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
        media = NewMedia(MediaId(new_id()), kind, new_job_id(), new_id(), input=input)
        await kept.media.ask(piece.id, media)
        submission = making_submission(
            world.owner,
            kind,
            media.job,
            input,
            name=piece.name,
            quotas=quotas,
            most_waiting=limits.most_waiting(caller),
        )
        try:
            await services.store.submit(submission)
        except (QuotaSpent, QueueFull) as error:
            await kept.media.withdraw(media.id)
            raise limits.reached(error) from None
        except StoreFull:
            services.counters.unstored[Unstored.FULL] += 1
            await kept.media.withdraw(media.id)
            raise
        except StoreUnavailable:
            services.counters.unstored[Unstored.AWAY] += 1
        else:
            log(Event.SUBMITTED, job=media.job, kind=kind)
        return media.job

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

    async def _input(self, piece: Piece, kind: MediaKind, wanted: WantedPortrait) -> str:
        """The input of the job, as JSON. Raises NotPossible."""
        seed = wanted.seed if wanted.seed is not None else secrets.randbelow(SEEDS)
        if kind == "portrait":
            return without_nul(_portrait(piece, wanted.description, seed).model_dump_json(by_alias=True))
        return (await self._video(piece, seed)).model_dump_json()

    async def _video(self, piece: Piece, seed: int) -> VideoInput:
        portrait, key, job = piece.portrait, None, None
        if portrait.coming is not None:
            job = portrait.coming
        elif portrait.url is not None:
            key = await self._key_of_shown(piece)
        elif portrait.job is not None and not portrait.missing:
            job = portrait.job
        else:
            raise NotPossible(NO_PORTRAIT)
        return VideoInput(
            portrait=job,
            object_key=key,
            lore_piece=piece.id,
            world_id=piece.world_id,
            character_id=piece.id,
            seed=seed,
        )

    async def _key_of_shown(self, piece: Piece) -> str:
        """Where in the object store the portrait is that is shown."""
        try:
            job = parse_job_id(str(piece.details.get(PORTRAIT)))
        except ValueError:
            raise NotPossible(LOST_PORTRAIT) from None
        picture = await kept_in(self._services).media.picture_of(piece.id, job)
        if picture is None or picture.object_key is None:
            raise NotPossible(LOST_PORTRAIT)
        return picture.object_key


def _portrait(piece: Piece, description: str | None, seed: int) -> PortraitInput:
    """Of the character as it is kept, or of what somebody says instead."""
    if description is not None:
        return PortraitInput(description=description, character=None, seed=seed)
    words = ("race", "class", "traits", "stats", "backstory", "appearance")
    known: JsonObject = {word: piece.details[word] for word in words if piece.details.get(word) is not None}
    try:
        character = Character.model_validate({"name": piece.name, **known})
        return PortraitInput(description=character.described, character=character, seed=seed)
    except ValidationError:
        pass
    try:
        described = SentCharacter.model_validate({"name": piece.name, **known}).described()
    except ValidationError:  # another program's
        described = ", ".join([piece.name, *(str(known[word]) for word in words[:2] if word in known)])
    return PortraitInput(description=described, character=None, seed=seed)


def _told(jobs: list[dict[str, str]], left: list[dict[str, str]]) -> Response:
    content = json.dumps({"jobs": jobs, "left": left})
    return Response(content, 202, {"Cache-Control": "no-store"}, "application/json")
