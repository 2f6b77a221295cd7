"""Plays the workers of many jobs at once, also while the store comes and goes."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager

from storage.errors import JobUnknown, StepRefused, StoreUnavailable
from storage.jobs import JobStore
from storage.portraits import StoredPicture
from storage.records.ids import JobId, new_job_id
from storage.records.job import IllegalStep, Job, Status, timestamp
from storage.stored import Fenced, Stored, Submission
from storage.tasks import end
from tests.server.support.player import PICTURE, picture_result
from tests.support.job_states import ERROR, running

KIND = "played"
"""No worker's: one that looks on leaves these jobs alone."""
AT_ONCE = 16
AGAIN_SECONDS = 0.02
RENEW_SECONDS = 0.3
WAYS: tuple[tuple[Status, ...], ...] = (
    (Status.SUCCEEDED,),
    (Status.FAILED, Status.SUCCEEDED),
    (Status.CANCELED,),
    (Status.SUCCEEDED,),
    (Status.FAILED,),
)
"""How one job after the other ends; between two ends somebody tries it again."""


class Play:
    """`jobs` are begun by `begin`, changed as long as one is in `changing`, and ended by `end`, each in its own way."""

    def __init__(self, store: JobStore, count: int, *, preview_characters: int, lease: float = 600) -> None:
        self.jobs = [new_job_id() for _ in range(count)]
        self._store = store
        self._lease_ms = int(lease * 1000)
        self._preview = "data:image/webp;base64,".ljust(preview_characters, "A")
        self._runs: dict[JobId, tuple[Job, bytes]] = {}
        self._steps = itertools.count(1)
        self._ways = dict(zip(self.jobs, itertools.cycle(WAYS)))

    async def begin(self, job_ids: Iterable[JobId]) -> None:
        """Submit these and begin their runs. Again, after the store has forgotten them."""
        await _each(self._begin, job_ids)

    async def end(self, job_ids: Iterable[JobId]) -> None:
        """End these in their ways, however long the store is away; unless it has lost them."""
        await _each(self._end, job_ids)

    @asynccontextmanager
    async def changing(self, per_second: float) -> AsyncIterator[None]:
        """Meanwhile one running job after the other gets further, each time with another preview."""
        tasks = [asyncio.create_task(self._change(1 / per_second)), asyncio.create_task(self._renew())]
        try:
            yield
        finally:
            crashed = [task for task in tasks if task.done()]
            await end(*tasks)
            for task in crashed:
                task.result()

    async def stored(self) -> dict[JobId, Job | None]:
        """How all jobs stand, by the store."""
        found: list[Stored | None] = []
        for batch in batches(self.jobs, 200):
            found += await self._store.get_many(batch)
        return {id_: one.job if one is not None else None for id_, one in zip(self.jobs, found, strict=True)}

    async def _begin(self, job_id: JobId) -> None:
        await self._store.submit(Submission(job_id, KIND, "player", b"{}", "fingerprint"))
        stored = await self._store.get(job_id)
        assert stored is not None
        self._runs[job_id] = await self._claim(stored), stored.claim

    async def _claim(self, stored: Stored) -> Job:
        (job,) = await self._store.claim([(stored, running(stored.job))], lease_ms=self._lease_ms, worker="player")
        if job is None:
            raise Fenced
        return job

    async def _change(self, pause: float) -> None:
        while True:
            for job_id in list(self._runs):
                await asyncio.sleep(pause)
                if job_id not in self._runs:
                    continue
                job, claim = self._runs[job_id]
                step = next(self._steps)
                preview = f"{self._preview[:-8]}{step:08}"
                news = job.advanced(step / 1e6, stage="painting", preview=preview, expected_at=None, result=None)
                try:
                    changed = await self._store.advance(news, claim)
                except Fenced:  # ended meanwhile, or the store has lost it
                    self._runs.pop(job_id, None)
                except StoreUnavailable:
                    pass
                else:
                    if job_id in self._runs:
                        self._runs[job_id] = changed, claim
            await asyncio.sleep(pause)

    async def _renew(self) -> None:
        """As a worker does, so that a sweep leaves these jobs alone."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            running = [(job_id, claim) for job_id, (_, claim) in self._runs.items()]
            with contextlib.suppress(StoreUnavailable):
                await self._store.renew(running, lease_ms=self._lease_ms)

    async def _end(self, job_id: JobId) -> None:
        self._runs.pop(job_id, None)
        ways = list(self._ways[job_id])
        while True:
            try:
                stored = await self._store.get(job_id)
                if stored is None:
                    return
                if stored.job.status == ways[0]:
                    ways.pop(0)
                if not ways:
                    return
                await self._step(stored, ways[0])
            except StoreUnavailable:
                await asyncio.sleep(AGAIN_SECONDS)
            except (Fenced, IllegalStep, JobUnknown, StepRefused):
                await asyncio.sleep(0)  # it may have been done although the answer was lost: look again

    async def _step(self, stored: Stored, way: Status) -> None:
        """One step towards this end."""
        now = await self._store.now()
        at, expires = timestamp(now), self._store.expires_at(now)
        match stored.job.status, way:
            case Status.FAILED, _:
                await self._store.retry(stored.id)
            case Status.QUEUED, _:
                await self._claim(stored)
            case _, Status.CANCELED:
                await self._store.cancel(stored.id)
            case _, Status.FAILED:
                await self._store.advance(stored.job.failed(ERROR, at, expires), stored.claim)
            case _:
                done = stored.job.succeeded(picture_result(stored.id), at, expires)
                await self._store.advance(done, stored.claim, StoredPicture.of(PICTURE))


async def _each(work: Callable[[JobId], Awaitable[None]], job_ids: Iterable[JobId]) -> None:
    """A few at once, so that the first have begun before the last are thought of."""
    waiting = iter(list(job_ids))

    async def some() -> None:
        for job_id in waiting:
            await work(job_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(some())


def batches(jobs: Sequence[JobId], size: int) -> Iterator[Sequence[JobId]]:
    for start in range(0, len(jobs), size):
        yield jobs[start : start + size]
