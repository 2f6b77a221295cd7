"""Several commands in one round trip: over a line that all callers share, or over redis-py's pool."""

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from redis import exceptions
from redis.asyncio import Redis

from storage.connect import store_errors

Command = tuple[str | bytes | int | float, ...]


class Commands(Protocol):
    """Each command is one that may be sent twice: nobody knows whether a lost one was carried out."""

    def ask(self, commands: Sequence[Command]) -> Awaitable[list[Any]]:
        """The answers in the commands' order, as bytes, int, list or none.

        Raises StoreUnavailable while Redis cannot serve, and redis-py's ResponseError for the first command that was
        refused: NoScriptError where it was a script that Redis has not seen yet.
        """


class PooledCommands:
    """Over redis-py: each call has a connection of the pool for itself, for as long as it takes."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        with store_errors():
            async with self._client.pipeline(transaction=False) as pipe:
                for name, *words in commands:
                    # To a name in bytes redis-py has no parser of its own.
                    pipe.execute_command(name.encode() if isinstance(name, str) else name, *words)
                # Not raised by redis-py, which would put words of its own before those of Redis.
                answers = await pipe.execute(raise_on_error=False)
            for answer in answers:
                if isinstance(answer, exceptions.RedisError):
                    raise answer
        return answers
