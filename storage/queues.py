"""The queues: which jobs wait, in which order, and which of them may run now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from storage.commands import Command, Commands
from storage.keys import Keys
from storage.records.ids import JobId
from storage.scripts import Scripts
from storage.stored import Most, StoredWithInput

FEW = 64
"""As many running jobs are named."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of one kind: the `first` that wait, in their order, and how many are `running`.

    `left` are those whose place was told the last time and who are not among the first any more; `few` are those that
    run, or none if they are many.
    """

    first: Sequence[JobId]
    left: Sequence[JobId]
    running: int
    few: Sequence[JobId]


class Queues:
    """One for each kind. All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._scripts = Scripts(commands)
        self._keys = keys

    async def ready(
        self, kind: str, provider: str, entries: Sequence[bytes], *, first: int, most: Most
    ) -> list[StoredWithInput]:
        """Of `entries`, as they stand in the kind's queue, the `first` that may run now.

        They are not claimed by that.
        """
        if not entries:
            return []
        keys = self._keys
        rows = await self._scripts.call(
            "ready_jobs",
            [
                keys.queue(kind),
                keys.running_kind(kind),
                keys.running_provider(provider),
                keys.paused,
                keys.blocked,
            ],
            [
                kind,
                keys.job_stem,
                keys.running_owner_stem,
                provider,
                first,
                most.kind,
                most.provider,
                most.owner,
                *entries,
            ],
        )
        return [_ready(*row) for row in cast(list[list[bytes]], rows)]

    async def waiting(self, kind: str, *, first: int, every_ms: int) -> Waiting | None:
        """Who waits and who is before them; of all who ask within `every_ms` only for one."""
        keys = self._keys
        (alone,) = await self._commands.ask([(b"SET", keys.counted(kind), b"", b"NX", b"PX", every_ms)])
        if alone is None:
            return None
        entries, placed, running, some = await self._commands.ask(
            [
                (b"ZRANGE", keys.queue(kind), 0, first - 1),
                (b"SMEMBERS", keys.placed(kind)),
                (b"SCARD", keys.running_kind(kind)),
                (b"SRANDMEMBER", keys.running_kind(kind), FEW),
            ]
        )
        ids = [JobId(entry.decode().rpartition(":")[0]) for entry in cast(list[bytes], entries)]
        left = {JobId(id_.decode()) for id_ in cast(list[bytes], placed)}.difference(ids)
        few = [JobId(id_.decode()) for id_ in cast(list[bytes], some)] if running <= FEW else []
        return Waiting(ids, list(left), running, few)

    async def placed(self, kind: str, jobs: Sequence[JobId]) -> None:
        """Note whose place was told, for the next one who asks who waits."""
        key = self._keys.placed(kind)
        commands: list[Command] = [(b"DEL", key)]
        if jobs:
            commands.append((b"SADD", key, *jobs))
        await self._commands.ask(commands)

    async def counts(self, kind: str) -> tuple[int, int]:
        """How many jobs of a kind wait, and how many run."""
        keys = self._keys
        waiting, running = await self._commands.ask([(b"ZCARD", keys.queue(kind)), (b"SCARD", keys.running_kind(kind))])
        return int(waiting), int(running)


def _ready(
    entry: bytes, record: bytes, owner: bytes, input: bytes, claim: bytes, spent: bytes, task: bytes
) -> StoredWithInput:
    job_id = JobId(entry.decode().rpartition(":")[0])
    return StoredWithInput(job_id, record, owner.decode(), claim, None, None, int(spent), input=input, task=task)
