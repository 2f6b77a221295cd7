"""arq, as far as Limner uses it: its worker reads the queue of one kind. What becomes of a job is not its affair.

The only file that knows arq's private names; arq is frozen and pinned to one minor version. One `Deliverer` serves the
queue of one kind, so that the jobs of a kind wait for those of their own kind only. It is woken by a message and by a
slot that has become free, instead of looking twice a second, and it survives the loss of Redis.

arq would lock each entry, read what is to be called, and count its tries, in some nine commands a job. Here an entry is
a job's id and claim, and one script decides who runs it (`storage.jobs.JobStore.claim`): that is lock and count in one.
"""

import asyncio
import contextlib
import functools
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import arq.worker
from arq.connections import ArqRedis
from redis import exceptions
from redis.asyncio import ConnectionPool

from jobs.run import Run
from storage.errors import StoreUnavailable
from storage.keys import Keys
from storage.logs import Event, log, log_error, warn
from storage.lost_line import lost_lines
from storage.tasks import end, unbroken

POLL_SECONDS = 0.5
ENTRIES = 200
"""Entries of a queue that are looked at in one go."""

_REDIS_AWAY = (exceptions.RedisError, OSError, StoreUnavailable)
"""Also what Redis refuses: it may take it again, and a worker that has ended could not."""

Begin = Callable[[Sequence[bytes], int], Coroutine[Any, Any, list[Run]]]
"""Claims the first of a queue's entries, so many at most, and answers the runs that have begun."""


class Deliverer(arq.worker.Worker):
    """Takes jobs of one kind from their queue and runs at most `at_once` of them. `serve()`, cancel that, `join()`."""

    def __init__(
        self,
        pool: ConnectionPool,
        keys: Keys,
        kind: str,
        begin: Begin,
        run: Callable[[Run], Awaitable[None]],
        *,
        at_once: int,
    ) -> None:
        super().__init__(
            functions=[arq.worker.func(_never, name="run_job")],
            queue_name=keys.queue(kind),
            redis_pool=ArqRedis(
                pool,
                job_serializer=_serialize,
                job_deserializer=json.loads,
                default_queue_name=keys.queue(kind),
            ),
            handle_signals=False,
            max_jobs=at_once,
            queue_read_limit=max(ENTRIES, 2 * at_once),
            poll_delay=POLL_SECONDS,
            keep_result=0,
            job_serializer=_serialize,
            job_deserializer=json.loads,
            log_results=False,
            health_check_interval=15,
        )
        self.kind = kind
        self.at_once = at_once
        self._begin = begin
        self._run = run
        self._runs: dict[str, Run] = {}
        self._beyond = 0
        self._woken = asyncio.Event()

    async def serve(self) -> None:
        """Deliver until cancelled. What was delivered then still runs: `join()` it."""
        lost = False
        while True:
            self._woken.clear()
            try:
                with lost_lines():
                    await self._poll_iteration()
                if lost:
                    log(Event.STORE_BACK, kind=self.kind)
                lost = False
            except _REDIS_AWAY:
                if not lost:
                    warn(Event.STORE_LOST, kind=self.kind)
                lost = True
            await self._rest()

    def wake(self) -> None:
        """Look at the queue now."""
        self._woken.set()

    async def join(self, seconds: float) -> None:
        """Let the runs go on that will probably end within `seconds`, and hand back the others at once.

        Those of which nobody knows how long they take may go on too. What has not ended then is handed back.
        """
        with contextlib.suppress(*_REDIS_AWAY):
            await self.start_jobs([])  # what may have begun though the answer to the claim was lost
        running = list(self.tasks.values())
        late = [self.tasks[entry] for entry, run in self._runs.items() if seconds <= 0 or (run.left or 0.0) > seconds]
        handing_back = asyncio.create_task(end(*late))
        if running:
            await asyncio.wait(running, timeout=seconds)
        await end(*running)
        await handing_back

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        await self._start(job_ids)
        if len(job_ids) < self.queue_read_limit or self.job_counter >= self.max_jobs:
            self._beyond = 0
            return
        # They may all be of owners who may have no more at once: each time another part of those behind them is seen.
        self._beyond += len(job_ids)
        behind = await self.pool.zrange(self.queue_name, self._beyond, self._beyond + len(job_ids) - 1)
        if len(behind) < len(job_ids):
            self._beyond = 0
        await self._start(behind)

    async def _start(self, job_ids: list[bytes]) -> None:
        # Not to be broken off: what was claimed by then would be nobody's until its lease runs out.
        for run in await unbroken(self._begin(job_ids, self.at_once - self.job_counter)):
            entry = f"{run.id}:{run.claim.decode()}"
            self.job_counter += 1
            self._runs[entry] = run
            self.tasks[entry] = task = asyncio.create_task(self._see_through(run), name=f"run {entry}")
            task.add_done_callback(functools.partial(self._ended, entry))
        if (current := asyncio.current_task()) is not None and current.cancelling():
            raise asyncio.CancelledError  # it was told to end meanwhile

    async def _see_through(self, run: Run) -> None:
        """Never raises: arq's worker would end with whatever a run raises."""
        try:
            await self._run(run)
        except asyncio.CancelledError:
            return
        except Exception as error:
            log_error(Event.CRASHED, job=run.id, exception=error)

    def _ended(self, entry: str, _: "asyncio.Task[Any]") -> None:
        del self._runs[entry]
        self.job_counter -= 1
        self._woken.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self.poll_delay_s)


async def _never(ctx: dict[Any, Any], *_: Any, **__: Any) -> None:
    """arq wants a function; entries are begun by `start_jobs`."""


def _serialize(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=repr).encode()
