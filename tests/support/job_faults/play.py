"""The jobs of one row: submitted as a program does it, and watched by clients of all four kinds."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from storage.errors import StoreUnavailable
from storage.records.ids import JobId, new_job_id
from tests.support.job_faults.installation import Installation
from tests.support.limner import Process, Worker
from tests.support.replicate_server import Fate
from tests.support.ways_in import FINAL, Transport, Watch, watching

AT_ONCE = 8
LOOK_SECONDS = 0.05
FREE = 5
"""One of so many jobs, the first ones, may end before a row strikes."""
UNDER_WAY = 10
"""A row strikes when one of so many has ended. Not all that may: one that is tried again waits behind what is held."""
REFUSED = 10
"""One of so many portraits is refused by the provider."""
MODERATED = "NSFW content detected"

SHARES: dict[Transport, Sequence[int]] = {
    Transport.WEBSOCKET: range(10),
    Transport.EVENTS: (0, 1, *range(10, 18)),
    Transport.MANY: (0, 18),
    Transport.WAIT: (1, 19),
}
"""Which of twenty jobs they watch. Most have only one who watches them: what somebody asks for is read for all."""

_seeds = itertools.count(1)
"""A portrait's seed tells it from those of all rows."""


@dataclass
class Play:
    on: Installation
    jobs: dict[int, JobId]
    """By their seeds."""
    watches: list[Watch] = field(default_factory=list)
    harmed: set[JobId] = field(default_factory=set)
    """Their worker was killed, stopped or frozen while it ran them."""
    accepted: float = 0.0
    """When the last one was."""
    figures: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, on: Installation) -> "Play":
        jobs = {next(_seeds): new_job_id() for _ in range(on.scale.jobs)}
        painted = Fate(polls=on.scale.polls)
        refused = replace(painted, end="failed", error=MODERATED)
        on.provider.release.clear()
        on.provider.fates = {
            seed: replace(refused if number % REFUSED == 0 else painted, held=number >= len(jobs) // FREE)
            for number, seed in enumerate(jobs)
        }
        return cls(on, jobs)

    @property
    def ids(self) -> list[JobId]:
        return list(self.jobs.values())

    async def submit(self) -> None:
        waiting = iter(self.jobs.items())
        async with (
            httpx.AsyncClient(base_url=self.on.server.url, timeout=30, verify=False) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(AT_ONCE):
                group.create_task(_submit(http, waiting))
        self.accepted = time.monotonic()

    @asynccontextmanager
    async def audience(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for transport in Transport:
                job_ids = [job_id for number, job_id in enumerate(self.ids) if number % 20 in SHARES[transport]]
                client = watching(transport, self.on.server.url, job_ids, wait=10, silence=60)
                self.watches.append(await stack.enter_async_context(client))
            yield

    async def until_under_way(self) -> None:
        """Some have ended, many wait, and every worker runs some that don't end before `let_end`."""
        await self.until_ended(len(self.jobs) // UNDER_WAY)
        await self.until("A worker runs nothing", self._all_at_work)

    def let_end(self) -> None:
        self.on.provider.release.set()

    async def until_ended(self, count: int | None = None) -> None:
        """Until so many have, or all."""
        wanted = len(self.jobs) if count is None else count

        async def ended() -> bool:
            return sum(status in FINAL for status in await self.on.statuses(self.ids)) >= wanted

        await self.until(f"Not even {wanted} jobs have ended", ended)

    async def until(self, otherwise: str, true: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        """Raises AssertionError with `otherwise` and how the jobs stand at the deadline."""
        try:
            async with asyncio.timeout(self.on.scale.deadline):
                while True:
                    with contextlib.suppress(StoreUnavailable):  # the first answer after it was away
                        if await true():
                            return
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{otherwise}: {await self.on.statuses(self.ids)}") from None

    async def until_logged(self, process: Process, words: str, count: int, *, start: int) -> None:
        """Until it has logged something so often behind this place of its log."""

        async def said() -> bool:
            return process.log()[start:].count(words) >= count

        await self.until(f"“{words}” was not logged {count} times", said)

    async def running_at(self, worker: Worker) -> set[JobId]:
        return await self.on.running_at(worker, self.ids)

    async def _all_at_work(self) -> bool:
        held = self.ids[len(self.jobs) // FREE :]
        return all([await self.on.running_at(worker, held) for worker in self.on.workers])


async def _submit(http: httpx.AsyncClient, waiting: Iterator[tuple[int, JobId]]) -> None:
    for seed, job_id in waiting:
        wanted = {"id": job_id, "description": "a dwarf", "seed": seed, "size": "256x256"}
        answer = await http.post("/portraits", json=wanted)
        assert answer.status_code == 202, answer.text
