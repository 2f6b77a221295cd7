"""Reading jobs: what everybody who asks is answered from."""

from collections.abc import Sequence
from typing import Any, cast

from storage.clock import TIME, Clock
from storage.commands import Command, Commands
from storage.keys import Keys
from storage.records.ids import JobId
from storage.stored import FIELDS, Stored, StoredWithInput, stored_of


class JobReader:
    """All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._keys = keys
        self._job_stem = keys.job_stem
        self._clock = Clock()

    @property
    def commands(self) -> Commands:
        """What jobs are read over."""
        return self._commands

    async def now(self) -> int:
        """Redis' clock, ms: the one clock that all processes share. It was asked a second ago at most."""
        await self._read([])
        return self._clock.now

    async def get(self, job_id: JobId) -> StoredWithInput | None:
        """The job as a worker needs it, or none if its id was never seen."""
        (row,) = await self._read([(b"HMGET", self._job_stem + job_id, *FIELDS, b"input", b"task")])
        stored = stored_of(job_id, row, self._clock.now)
        if stored is None:
            return None
        return StoredWithInput(
            stored.id,
            stored.record,
            stored.owner,
            stored.claim,
            stored.etag,
            stored.keeps,
            stored.spent,
            input=row[-2] or b"",
            task=row[-1] or b"",
            removed=stored.removed,
        )

    async def look(self, job_id: JobId) -> Stored | None:
        """The job as those who watch it need it, or none if its id was never seen."""
        (row,) = await self._read([(b"HMGET", self._job_stem + job_id, *FIELDS)])
        return stored_of(job_id, row, self._clock.now)

    async def get_many(self, job_ids: Sequence[JobId]) -> list[Stored | None]:
        """What `look` answers for each, in the order asked for and in one round trip."""
        stem = self._job_stem
        rows = await self._read([(b"HMGET", stem + id_, *FIELDS) for id_ in job_ids])
        now = self._clock.now
        return [stored_of(id_, row, now) for id_, row in zip(job_ids, rows, strict=True)]

    async def owned(self, owner: str, *, limit: int, active: bool = False) -> list[Stored]:
        """The owner's jobs that are still kept, newest first; only those unfinished if `active`."""
        keys = self._keys
        if active:
            (ids,) = await self._commands.ask([(b"ZINTER", 2, keys.owner(owner), keys.active)])
            ids = ids[: -limit - 1 : -1]
        else:
            (ids,) = await self._commands.ask([(b"ZREVRANGE", keys.owner(owner), 0, limit - 1)])
        return await self._kept(ids)

    async def unfinished(self, *, limit: int) -> list[Stored]:
        """The jobs of everybody that are not final, those submitted first before."""
        (ids,) = await self._commands.ask([(b"ZRANGE", self._keys.active, 0, limit - 1)])
        return await self._kept(ids)

    async def failed(self, *, limit: int) -> list[Stored]:
        """The failed jobs of everybody that are still kept, those that failed last before."""
        return await self._kept(await self._failed(None, limit))

    async def failed_ids(self, owner: str | None, *, limit: int) -> list[JobId]:
        """Which jobs have failed, those that failed last before: of one owner, or of everybody."""
        return [JobId(id_.decode()) for id_ in await self._failed(owner, limit)]

    async def _failed(self, owner: str | None, limit: int) -> Sequence[bytes]:
        keys = self._keys
        if owner is None:
            (ids,) = await self._commands.ask([(b"ZREVRANGE", keys.failed, 0, limit - 1)])
        else:
            both = (b"ZINTER", 2, keys.failed, keys.owner(owner), b"WEIGHTS", 1, 0)
            (ids,) = await self._commands.ask([both])
            ids = ids[: -limit - 1 : -1]
        return cast(Sequence[bytes], ids)

    async def count_active(self) -> int:
        (count,) = await self._commands.ask([(b"ZCARD", self._keys.active)])
        return int(count)

    async def _kept(self, ids: Sequence[bytes]) -> list[Stored]:
        found = await self.get_many([JobId(id_.decode()) for id_ in ids])
        return [stored for stored in found if stored is not None and not stored.expired]

    async def _read(self, commands: list[Command]) -> list[Any]:
        """The answers, with Redis' clock known when they are there."""
        if not self._clock.due:
            return await self._commands.ask(commands)
        *answers, time = await self._commands.ask([*commands, TIME])
        self._clock.hear(time)
        return answers
