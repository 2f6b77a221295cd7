"""Chance that can be repeated: decks of cards, shuffled by a seed."""

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


@lru_cache(maxsize=2_048)
def _order(seed: str, size: int) -> tuple[int, ...]:
    order = list(range(size))
    random.Random(seed).shuffle(order)
    return tuple(order)


class Decks:
    """All the chance of one set of characters.

    What comes out depends on the seed, the theme's key, the deck's name and the turn, and on nothing drawn before: any
    turn can be played alone, in any order, in any process.
    """

    def __init__(self, seed: int, key: str) -> None:
        self._seed = seed
        self._key = key

    def _named(self, *name: object) -> str:
        return repr((self._seed, self._key, *name))

    def deal(self, name: str, table: Sequence[T], turn: int, first: Sequence[T] = ()) -> T:
        """The card of this turn. None comes twice before all were dealt; those of `first` come before others."""
        deal, place = divmod(turn, len(table))
        order = [table[i] for i in _order(self._named(name, deal), len(table))]
        if first:
            order.sort(key=lambda card: card not in first)
        return order[place]

    def chance(self, *name: object) -> random.Random:
        """Plain chance under a name: the same name gives the same throws."""
        return random.Random(self._named(*name))
