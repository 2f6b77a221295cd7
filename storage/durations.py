"""How long the last jobs of each kind took, so that the next one can say when it will be finished."""

from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis

from storage.connect import store_errors
from storage.keys import Keys

KEPT = 50


class Durations:
    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def add(self, kind: str, provider: str, milliseconds: int) -> None:
        """Remember one that succeeded. Raises StoreUnavailable."""
        key = self._keys.durations(kind, provider)
        with store_errors():
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.lpush(key, milliseconds)
                pipe.ltrim(key, 0, KEPT - 1)
                await pipe.execute()

    async def recent(self, kind: str, provider: str) -> list[int]:
        """The last ones in milliseconds, newest first. Raises StoreUnavailable."""
        with store_errors():
            values = await cast(
                Awaitable[list[bytes]], self._client.lrange(self._keys.durations(kind, provider), 0, KEPT - 1)
            )
        return [int(value) for value in values]
