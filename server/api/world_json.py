"""Worlds, their characters and their media as JSON."""

from typing import Any

from server.api.world_access import may_change
from server.identity import Caller
from server.settings import ServerSettings
from storage.records.character import STATS
from storage.records.job import JsonObject, Status
from storage.records.world import Board, ListedWorld, Making, MediaKind, Medium, Piece, PieceId, World, WorldId

ASKED_ON_OPENING: dict[str, tuple[MediaKind, ...]] = {
    "none": (),
    "portraits": ("portrait",),
    "videos": ("video",),
    "both": ("portrait", "video"),
}
"""What each value of LIMNER_GENERATE_ON_OPENING means."""


class WorldJson:
    """Addresses begin with the server's public URL, or with its root."""

    def __init__(self, settings: ServerSettings) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._on_opening = ASKED_ON_OPENING[settings.generate_on_opening]

    def board(self, board: Board, caller: Caller) -> JsonObject:
        world = board.world
        return {
            "id": world.id,
            "name": world.name,
            "created_at": world.created_at,
            "updated_at": world.updated_at,
            "yours": may_change(caller, world),
            "generate_on_opening": self.on_opening(world) if caller.owner == world.owner else [],
            "characters": [self.character(piece) for piece in board.pieces],
        }

    def on_opening(self, world: World) -> list[MediaKind]:
        """What the world's board asks for by itself, and has not asked for yet."""
        return [kind for kind in self._on_opening if kind not in world.opened]

    def character(self, piece: Piece) -> JsonObject:
        details = piece.details
        return {
            "id": piece.id,
            "name": piece.name,
            "race": details.get("race") or "",
            "class": details.get("class") or "",
            "traits": details.get("traits") or [],
            "stats": _in_order(details.get("stats")),
            "backstory": details.get("backstory"),
            "appearance": details.get("appearance"),
            "shown": piece.shown,
            "portrait": self._making(piece, piece.portrait),
            "video": {**self._making(piece, piece.video), "poster": piece.video.poster_url},
        }

    def medium(self, medium: Medium, world_id: WorldId, piece_id: PieceId) -> JsonObject:
        url = medium.url
        if url is None and medium.chosen and medium.kind == "portrait":
            url = self._image(world_id, piece_id, medium.job)
        return {
            "id": medium.id,
            "kind": medium.kind,
            "job": medium.job,
            "status": medium.status,
            "url": url,
            "poster": medium.poster_url,
            "content_type": medium.content_type,
            "width": medium.width,
            "height": medium.height,
            "bytes": medium.bytes,
            "seconds": medium.seconds,
            "created_at": medium.created_at,
            "chosen": medium.chosen,
            "error": medium.error,
        }

    def listed(self, listed: ListedWorld) -> JsonObject:
        return {
            "id": listed.world.id,
            "name": listed.world.name,
            "created_at": listed.world.created_at,
            "characters": listed.characters,
            "portraits": listed.portraits,
            "videos": listed.videos,
            "cover": listed.cover,
        }

    def _making(self, piece: Piece, making: Making) -> dict[str, Any]:
        return {
            "status": _status(making),
            "job": making.job,
            "url": making.url if making.coming is None else self._image(piece.world_id, piece.id, making.coming),
            "kept": making.url is not None and making.coming is None,
            "error": making.error,
            "count": making.count,
        }

    def _image(self, world_id: WorldId, piece_id: PieceId, job: str) -> str:
        """Where the portrait is while it is on its way. The job's id tells two of the same character apart."""
        return f"{self._public_url}/worlds/{world_id}/characters/{piece_id}/image?job={job}"


def _status(making: Making) -> str:
    if making.status is not None:
        return making.status
    return Status.SUCCEEDED if making.there else "missing"


def _in_order(stats: JsonObject | None) -> JsonObject | None:
    """As they were written; Postgres keeps the keys of JSON in an order of its own."""
    if stats is None:
        return None
    return {name: stats[name] for name in sorted(stats, key=lambda name: STATS.index(name) if name in STATS else 99)}
