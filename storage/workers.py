"""The workers that live: each says now and then that it is there, and what it does."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from storage.clock import TIME, Clock
from storage.commands import Commands
from storage.keys import Keys

LOST_MS = 15_000
"""A worker that was not seen for this long is counted as lost."""


class Place(BaseModel):
    """What a worker does of one kind: with which provider, and how many at once."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: str
    at_once: int


class Worker(BaseModel):
    """`started` and `seen` are milliseconds of Redis' clock. `running` is how many jobs ran when it was seen."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    host: str
    pid: int
    kinds: Mapping[str, Place]
    running: int = 0
    started: int = 0
    seen: int = 0


class Workers:
    """All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._key = keys.workers

    async def note(self, worker: Worker) -> Worker:
        """The worker is there, now. Answers it as it was noted; one that has not `started` yet has just done so."""
        now = await self._now()
        noted = worker.model_copy(update={"started": worker.started or now, "seen": now})
        await self._commands.ask([(b"HSET", self._key, noted.name, noted.model_dump_json())])
        return noted

    async def remove(self, name: str) -> None:
        """The worker has ended."""
        await self._commands.ask([(b"HDEL", self._key, name)])

    async def listed(self) -> list[Worker]:
        """Those that were seen lately, by their names. The others are cleared away.

        One that was only frozen, or cut off, is listed again as soon as it says so.
        """
        entries, time = await self._commands.ask([(b"HGETALL", self._key), TIME])
        clock = Clock()
        clock.hear(time)
        living, lost = [], []
        for name, entry in zip(entries[::2], entries[1::2], strict=True):
            worker = _read(entry)
            if worker is not None and clock.now - worker.seen <= LOST_MS:
                living.append(worker)
            else:
                lost.append(name)
        if lost:
            await self._commands.ask([(b"HDEL", self._key, *lost)])
        return sorted(living, key=lambda worker: worker.name)

    async def _now(self) -> int:
        clock = Clock()
        (time,) = await self._commands.ask([TIME])
        clock.hear(time)
        return clock.now


def _read(entry: bytes) -> Worker | None:
    try:
        return Worker.model_validate_json(entry)
    except ValidationError:  # of another version, or somebody else's: nobody can say anything of it
        return None
