"""arq, as far as Limner uses it: it hands a queued job to one worker, once. What becomes of the job is not its affair.

The only file that knows arq's private names; arq is frozen and pinned to one minor version. One `Deliverer` serves the
queue of one kind, so that the jobs of a kind wait for those of their own kind only. It is woken by a message and by a
slot that has become free, instead of looking twice a second, and it survives the loss of Redis.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import arq.worker
from arq.connections import ArqRedis
from redis import exceptions
from redis.asyncio import ConnectionPool

from storage.jobs import ARQ_FUNCTION
from storage.keys import Keys
from storage.logs import Event, log, warn
from storage.records.ids import JobId
from storage.tasks import end

POLL_SECONDS = 0.5
LOCK_SECONDS = 10.0
"""How long an entry is locked that arq has taken and whose job was not claimed: its worker died in between."""
FOREVER = 10**9

# arq watches the lock that it takes; a line that is cut then is told as a WatchError.
_REDIS_AWAY = (exceptions.RedisError, OSError)
"""Also what Redis refuses: it may take it again, and a worker that has ended could not."""

Run = Callable[[JobId, bytes], Awaitable[None]]
"""Runs the job with this id under this claim, and returns when nothing is left to do. Must not raise."""


class Deliverer(arq.worker.Worker):
    """Takes jobs of one kind from their queue and runs at most `at_once` of them. `serve()`, cancel that, `join()`."""

    def __init__(self, pool: ConnectionPool, keys: Keys, kind: str, run: Run, *, at_once: int) -> None:
        async def run_job(ctx: dict[Any, Any], *_: Any, **__: Any) -> None:
            if self._ended:
                raise asyncio.CancelledError  # leaves the entry to another worker
            job_id, _colon, claim = ctx["job_id"].rpartition(":")
            await run(JobId(job_id), claim.encode())

        _use_our_names(keys)
        super().__init__(
            functions=[arq.worker.func(run_job, name=ARQ_FUNCTION, timeout=FOREVER, max_tries=FOREVER, keep_result=0)],
            queue_name=keys.queue(kind),
            redis_pool=ArqRedis(
                pool,
                job_serializer=_serialize,
                job_deserializer=json.loads,
                default_queue_name=keys.queue(kind),
            ),
            handle_signals=False,
            max_jobs=at_once,
            job_timeout=FOREVER,
            poll_delay=POLL_SECONDS,
            keep_result=0,
            job_serializer=_serialize,
            job_deserializer=json.loads,
            log_results=False,
            health_check_interval=15,
        )
        self.in_progress_timeout_s = LOCK_SECONDS
        self.kind = kind
        self.at_once = at_once
        self._wake_channel = keys.wake(kind)
        self._woken = asyncio.Event()
        self._ended = False

    async def serve(self) -> None:
        """Deliver until cancelled. What was delivered then still runs: `join()` it."""
        listener = asyncio.create_task(self._listen(), name=f"wake {self.kind}")
        lost = False
        try:
            while True:
                self._woken.clear()
                try:
                    await self._poll_iteration()
                    if lost:
                        log(Event.STORE_BACK, kind=self.kind)
                    lost = False
                except _REDIS_AWAY:
                    if not lost:
                        warn(Event.STORE_LOST, kind=self.kind)
                    lost = True
                    # The idle connections were lost with it; each would fail once more when Redis is back.
                    with contextlib.suppress(*_REDIS_AWAY):
                        await self.pool.connection_pool.disconnect(inuse_connections=False)
                await self._rest()
        finally:
            await end(listener)

    async def join(self, seconds: float) -> None:
        """Wait for the runs that were begun, then cancel those still going and wait for them to hand back."""
        tasks = list(self.tasks.values())
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=seconds)
        self._ended = True
        await end(*self.job_tasks.values())
        await asyncio.gather(*tasks, return_exceptions=True)

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        before = set(self.tasks.values())
        try:
            await super().start_jobs(job_ids)
        except _REDIS_AWAY:
            # arq has counted the job whose lock it could not take, and would count it for ever.
            self._release_sem_dec_counter_on_complete()
            raise
        finally:
            for task in set(self.tasks.values()) - before:
                task.add_done_callback(self._slot_is_free)

    def _slot_is_free(self, _: "asyncio.Task[Any]") -> None:
        self._woken.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self.poll_delay_s)

    async def _listen(self) -> None:
        # A lost nudge costs one poll, so that this subscription may be as forgetful as redis-py's is.
        while True:
            try:
                async with self.pool.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(self._wake_channel)
                    self._woken.set()
                    while True:
                        if await channel.get_message(timeout=30) is not None:
                            self._woken.set()
            except _REDIS_AWAY:
                await asyncio.sleep(POLL_SECONDS)


def _serialize(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=repr).encode()


def _use_our_names(keys: Keys) -> None:
    """arq has its key names as constants of a module; ours begin with the installation's prefix."""
    vars(arq.worker).update(
        job_key_prefix=keys.arq_job_stem,
        in_progress_key_prefix=keys.arq_lock_stem,
        retry_key_prefix=keys.arq_retry_stem,
        result_key_prefix=keys.arq_result_stem,
        abort_jobs_ss=keys.arq_abort,
    )
