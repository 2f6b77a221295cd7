"""The characters of a world: editing one, its portraits and videos so far, and which of them is shown."""

import binascii
import hashlib
import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import body
from server.api import answers
from server.api.objects import HARMLESS
from server.api.world_access import found_piece, found_world, kept_in, own_world, piece_id_in, world_id_in
from server.api.world_input import ChosenMedium, EditedCharacter
from server.api.world_json import WorldJson
from server.conditions import matches
from server.problems import Problem
from server.services import Services
from storage.errors import MediumNotThere, PieceUnknown
from storage.objects.content import HEAD_BYTES, content_type_of
from storage.records.ids import parse_id
from storage.records.world import MediumId, World

CHARACTER = "/worlds/{id}/characters/{character}"


def routes(services: Services) -> list[Route]:
    characters = WorldCharacters(services)
    return [
        Route(CHARACTER, characters.edit, methods=["PATCH"]),
        Route(f"{CHARACTER}/media", characters.media, methods=["GET"]),
        Route(f"{CHARACTER}/choose", characters.choose, methods=["POST"]),
        Route(f"{CHARACTER}/image", characters.image, methods=["GET"]),
    ]


class WorldCharacters:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._json = WorldJson(services.settings)

    async def edit(self, request: Request) -> Response:
        lore_pieces = kept_in(self._services).lore_pieces
        wanted, _ = await body.read(request, EditedCharacter, limit=self._services.settings.body_bytes)
        world = await own_world(self._services, request)
        if not await lore_pieces.edit(world.id, piece_id_in(request), name=wanted.name, backstory=wanted.backstory):
            raise PieceUnknown
        return await self._character(request, world)

    async def choose(self, request: Request) -> Response:
        lore_pieces = kept_in(self._services).lore_pieces
        wanted, _ = await body.read(request, ChosenMedium, limit=self._services.settings.body_bytes)
        world = await own_world(self._services, request)
        try:
            medium_id = MediumId(parse_id(wanted.media))
        except ValueError:
            raise MediumNotThere from None
        if not await lore_pieces.choose(world.id, piece_id_in(request), medium_id):
            raise PieceUnknown
        return await self._character(request, world)

    async def media(self, request: Request) -> Response:
        """All portraits and videos of one character, newest first."""
        world = await found_world(self._services, request)
        piece = await found_piece(self._services, request, world)
        history = await kept_in(self._services).media.history(piece.id)
        return _json({"media": [self._json.medium(medium, world.id, piece.id) for medium in history]})

    async def image(self, request: Request) -> Response:
        """The portrait's bytes while it is on its way to the object store; then the way there."""
        image = await kept_in(self._services).lore_pieces.image(world_id_in(request), piece_id_in(request))
        if image is None:
            raise PieceUnknown
        headers = {**HARMLESS, "Cache-Control": "private, no-cache"}
        data = _bytes(image.base64)
        if data is not None:
            tag = hashlib.sha256(data).hexdigest()[:32]
            headers["ETag"] = answers.quoted(tag)
            if matches(request, tag):
                return Response(status_code=304, headers=headers)
            return Response(data, headers=headers, media_type=content_type_of(data[:HEAD_BYTES]))
        if image.url is None:
            raise Problem(404, "This character has no portrait (yet).")
        return Response(status_code=307, headers={**headers, "Location": image.url})

    async def _character(self, request: Request, world: World) -> Response:
        return _json(self._json.character(await found_piece(self._services, request, world)))


def _json(content: object) -> Response:
    return Response(json.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")


def _bytes(base64: str | None) -> bytes | None:
    if base64 is None:
        return None
    try:
        return binascii.a2b_base64(base64)
    except binascii.Error:  # another program's, which cannot be kept
        return None
