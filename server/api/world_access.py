"""Finding a world and its characters by the ids in a path, and seeing who may change them."""

from starlette.requests import Request

from server.identity import Caller
from server.problems import Problem
from server.services import Services
from storage.errors import PieceUnknown
from storage.kept import Kept
from storage.records.ids import parse_id
from storage.records.world import Piece, PieceId, World, WorldId


def kept_in(services: Services) -> Kept:
    """What is kept. Raises Problem 503 where this server keeps nothing."""
    if services.kept is None:
        raise Problem(503, "This server keeps no worlds, for LIMNER_DATABASE_URL is not set.")
    return services.kept


def unknown_world() -> Problem:
    return Problem(404, "There is no such world.")


def may_change(caller: Caller, world: World) -> bool:
    return caller.operator or (caller.owner is not None and caller.owner == world.owner)


def check_may_change(caller: Caller, world: World) -> None:
    """Raises Problem 403."""
    if not may_change(caller, world):
        raise Problem(403, "Only the one whose world this is may do that.")


def world_id_in(request: Request) -> WorldId:
    """The id in the path. Raises Problem 404: what is no id is no world's."""
    try:
        return WorldId(parse_id(request.path_params["id"]))
    except ValueError:
        raise unknown_world() from None


def piece_id_in(request: Request) -> PieceId:
    """The character's id in the path. Raises PieceUnknown."""
    try:
        return PieceId(parse_id(request.path_params["character"]))
    except ValueError:
        raise PieceUnknown from None


async def found_world(services: Services, request: Request) -> World:
    """The world in the path. Raises Problem 404 or 503, DatabaseUnavailable."""
    kept, world_id = kept_in(services), world_id_in(request)
    world = await kept.worlds.look(world_id)
    if world is None:
        raise unknown_world()
    return world


async def own_world(services: Services, request: Request) -> World:
    """The world in the path, which the caller may change. Raises Problem 403, 404 or 503, DatabaseUnavailable."""
    world = await found_world(services, request)
    check_may_change(services.identity.caller(request), world)
    return world


async def found_piece(services: Services, request: Request, world: World) -> Piece:
    """The character of this world that is in the path. Raises PieceUnknown, DatabaseUnavailable."""
    piece = await kept_in(services).lore_pieces.look(world.id, piece_id_in(request))
    if piece is None:
        raise PieceUnknown
    return piece
