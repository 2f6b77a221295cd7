"""`/worlds`: making, listing, looking at, renaming and deleting worlds. Their characters are `world_characters`."""

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body, pages
from server.admission import address_of, place_of
from server.api import answers, generation, world_characters
from server.api.sent_character import CharacterToKeep
from server.api.world_access import found_world, kept_in, own_world, unknown_world, world_id_in
from server.api.world_input import Renamed, WantedWorld, members
from server.api.world_json import WorldJson
from server.api.world_members import pieces_of
from server.conditions import matches
from server.hub.counters import Unstored
from server.idempotency import key_of
from server.identity import Caller
from server.problems import Problem, field_problem
from server.services import Services
from storage.errors import StoreFull, StoreUnavailable
from storage.keys import key_digest
from storage.logs import Event, log
from storage.media_jobs import upload_submission
from storage.records.ids import new_id, short
from storage.records.inputs import fingerprint
from storage.records.job import JsonObject
from storage.records.world import Board, NewMedium, World, WorldId
from storage.worlds import Cursor

PAGE = 50
"""Worlds that are listed at once."""
PAGE_SECONDS = 1.0
"""As long a browser's page waits to hear whether there is such a world."""

_CURSOR = re.compile(r"([0-9]{1,17})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VARY = {"Vary": "Accept"}


def routes(services: Services) -> list[Route]:
    worlds = Worlds(services)
    return [
        Route("/worlds", worlds.several, methods=["GET"]),
        Route("/worlds", worlds.create, methods=["POST"]),
        Route("/worlds/{id}", worlds.one, methods=["GET"]),
        Route("/worlds/{id}", worlds.rename, methods=["PATCH"]),
        Route("/worlds/{id}", worlds.remove, methods=["DELETE"]),
        *generation.routes(services),
        *world_characters.routes(services),
    ]


@dataclass(frozen=True, slots=True)
class _New:
    """A world that is to be made. `digests` and `fingerprint` stand for its key, and for what was sent with that."""

    owner: str
    name: str
    characters: Sequence[str | CharacterToKeep]
    digests: Sequence[str]
    fingerprint: str


class Worlds:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._json = WorldJson(services.settings)
        self._looks: set[asyncio.Task[World]] = set()

    async def create(self, request: Request) -> Response:
        """201 and the new world's board; 200 and that of the one that the key stands for already."""
        services = self._services
        worlds, caller, key = kept_in(services).worlds, services.identity.caller(request), key_of(request)
        owner, cookie = (caller.owner, None) if caller.owner is not None else services.identity.begin_session()
        wanted, sent = await body.read(request, WantedWorld, limit=services.settings.upload_bytes)
        characters, address = members(wanted.characters), address_of(request.scope)
        digests = _digests(caller, owner, address, key)
        new = _New(owner, wanted.name, characters, digests, fingerprint("world", sent) if digests else "")
        try:
            await services.limits.admit(caller, address)
            world_id, created = await self._made(new)
        except StoreUnavailable as error:
            services.counters.unstored[Unstored.FULL if isinstance(error, StoreFull) else Unstored.AWAY] += 1
            raise
        found = await worlds.board(world_id)
        if found is None:  # deleted this moment
            raise unknown_world()
        content = {"world_id": world_id, **self._json.board(found, caller if cookie is None else Caller(owner))}
        headers = {"Location": f"{services.settings.public_path}/worlds/{world_id}", "Cache-Control": "no-store"}
        response = Response(json.dumps(content), 201 if created else 200, headers, "application/json")
        if cookie is None:
            services.identity.renew(response, caller, request)
        elif created:
            services.identity.remember(response, cookie, request)
        return response

    async def _made(self, new: "_New") -> tuple[WorldId, bool]:
        """The world, and whether it was made just now."""
        worlds = kept_in(self._services).worlds
        # Of who comes again, the characters may be known no more.
        earlier = await worlds.kept_as(new.digests, new.fingerprint) if new.digests else None
        if earlier is not None:
            return earlier, False
        proposed = WorldId(new_id())
        async with pieces_of(self._services, new.characters) as pieces:
            world_id = await worlds.create(
                proposed, new.owner, new.name, pieces, digests=new.digests, fingerprint=new.fingerprint
            )
            portraits = [piece.portrait for piece in pieces if piece.portrait is not None]
        if world_id != proposed:
            return world_id, False
        log(Event.WORLD_CREATED, world=short(world_id), characters=len(new.characters))
        await self._submit_uploads(new.owner, portraits)
        return world_id, True

    async def _submit_uploads(self, owner: str, portraits: Sequence[NewMedium]) -> None:
        """The sweep submits those that cannot be submitted now."""

        async def submit(portrait: NewMedium) -> None:
            if portrait.taken_up:
                submission = upload_submission(owner, portrait.id, portrait.upload)
                with contextlib.suppress(StoreUnavailable):
                    await self._services.store.submit(submission)
                    log(Event.SUBMITTED, job=submission.id, kind=submission.kind)

        await asyncio.gather(*map(submit, portraits))

    async def several(self, request: Request) -> Response:
        """A page of the caller's own worlds, newest first; for a browser the Library."""
        if pages.prefers_page(request):
            return pages.answer("worlds.html", self._services)
        worlds = kept_in(self._services).worlds
        before = _cursor(request.query_params.get("before"))
        caller = self._services.identity.caller(request)
        owner = caller.owner
        listed, following = await worlds.owned(owner, before=before, limit=PAGE) if owner is not None else ([], None)
        content = {
            "worlds": [self._json.listed(world) for world in listed],
            "next": _text_of(following) if following is not None else None,
        }
        response = Response(
            json.dumps(content), headers={"Cache-Control": "no-store", **_VARY}, media_type="application/json"
        )
        self._services.identity.renew(response, caller, request)
        return response

    async def one(self, request: Request) -> Response:
        """The board; for a browser its page."""
        if pages.prefers_page(request):
            return pages.answer("world.html", self._services, status=404 if await self._is_gone(request) else 200)
        found = await kept_in(self._services).worlds.board(world_id_in(request))
        if found is None:
            raise unknown_world()
        content = self._text(request, found)
        tag = hashlib.sha256(content).hexdigest()[:32]
        headers = {"ETag": answers.quoted(tag), "Cache-Control": "private, no-cache", **_VARY}
        if matches(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="application/json")

    async def _is_gone(self, request: Request) -> bool:
        """Whether there is plainly no such world. A page is not kept waiting for it: it asks, and says so, itself."""
        look = asyncio.create_task(found_world(self._services, request))
        self._looks.add(look)
        look.add_done_callback(self._looked)
        # Not ended: Postgres has to be told of that, and whoever tells it waits as well.
        await asyncio.wait({look}, timeout=PAGE_SECONDS)
        error = look.exception() if look.done() else None
        return isinstance(error, Problem) and error.status == 404

    def _looked(self, look: "asyncio.Task[World]") -> None:
        self._looks.discard(look)
        if not look.cancelled():
            look.exception()  # it has been seen

    async def rename(self, request: Request) -> Response:
        worlds = kept_in(self._services).worlds
        wanted, _ = await body.read(request, Renamed, limit=self._services.settings.body_bytes)
        world = await own_world(self._services, request)
        await worlds.rename(world.id, wanted.name)
        found = await worlds.board(world.id)
        if found is None:
            raise unknown_world()
        return Response(
            self._text(request, found), headers={"Cache-Control": "no-store"}, media_type="application/json"
        )

    async def remove(self, request: Request) -> Response:
        """Its rows are gone on return; its jobs and objects are, soon after."""
        world = await own_world(self._services, request)
        if not await kept_in(self._services).worlds.delete(world.id):
            raise unknown_world()
        log(Event.WORLD_DELETED, world=short(world.id))
        return Response(status_code=204)

    def _text(self, request: Request, found: Board) -> bytes:
        content: JsonObject = self._json.board(found, self._services.identity.caller(request))
        return json.dumps(content).encode()


def _digests(caller: Caller, owner: str, address: str, key: str | None) -> list[str]:
    """What stands for the key. Who has no session yet would be somebody else each time: the address counts too."""
    if key is None:
        return []
    if caller.owner is not None:
        return [key_digest(owner, key)]
    return [key_digest(f"address:{place_of(address)}", key), key_digest(owner, key)]


def _cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise field_problem("before", "must be what an earlier answer has as next")
    return Cursor(_EPOCH + timedelta(microseconds=int(found[1])), found[2])


def _text_of(cursor: Cursor) -> str:
    return f"{(cursor.created_at - _EPOCH) // timedelta(microseconds=1)}-{cursor.id}"
