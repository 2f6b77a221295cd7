"""Token buckets: how often something may happen, counted by all processes together on Redis' clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.commands import Commands
from storage.keys import Keys
from storage.scripts import Scripts


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds at most `capacity` tokens, at first and after a rest; `per_second` come back. `name` says whose it is."""

    name: str
    capacity: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Empty:
    """`bucket` has no token for so many `seconds`; others that were asked have one before that."""

    bucket: Bucket
    seconds: float


class TokenBuckets:
    """All methods raise StoreUnavailable while Redis cannot be reached; nobody knows then whether tokens were taken."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._scripts = Scripts(commands)
        self._keys = keys

    async def take(self, buckets: Sequence[Bucket]) -> Empty | None:
        """Take a token from each bucket: from all of them or, where one is empty, from none. Answers which one is."""
        if not buckets:
            return None
        place, milliseconds = await self._scripts.call(
            "take_tokens",
            [self._keys.tokens(bucket.name) for bucket in buckets],
            [number for bucket in buckets for number in (bucket.capacity, bucket.per_second)],
        )
        return Empty(buckets[place - 1], milliseconds / 1000) if place else None
