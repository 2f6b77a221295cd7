"""Several that are measured in the same rounds."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from bench.processes import NotMeasured
from bench.rounds import alternate

T = TypeVar("T")


def in_turns(rounds: int, measures: Mapping[str, Callable[[], Coroutine[Any, Any, T]]]) -> dict[str, list[T]]:
    """What each brought, round by round; in each round another one goes first. Raises NotMeasured."""
    return alternate(rounds, {name: _alone(measure) for name, measure in measures.items()}, _raise)


def _alone(measure: Callable[[], Coroutine[Any, Any, T]]) -> Callable[[], T]:
    return lambda: asyncio.run(measure())


def _raise(_: str, error: NotMeasured) -> None:
    raise error
