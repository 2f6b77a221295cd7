"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int = 5
    worlds: int = 30
    """Worlds that are created in a round."""
    characters: int = 10
    """Of each of them, every one with a portrait that is ready."""
    side: int = 480
    """Of a portrait in pixels: of noise, whose PNG has three bytes for each."""
    uploads: int = 120
    """Portraits that are put into the object store in a round."""
    uploads_at_once: int = 8
    board: int = 100
    """Characters of the board that is looked at."""
    looks: int = 300


QUICK = Plan(rounds=1, worlds=2, characters=2, side=64, uploads=4, board=5, looks=5)
