"""Claiming: from the entries of a queue to runs that have begun."""

import time
from collections.abc import Callable, Sequence

from jobs.expectation import TYPICAL, Expectation, quantile, steadied
from jobs.registry import Kind
from jobs.run import Run
from storage.durations import Durations
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log
from storage.queues import Queues
from storage.records.job import Job, Status, milliseconds, timestamp
from storage.stored import StoredWithInput

KNOWN_SECONDS = 2.0
"""How long what is known of durations is not asked again."""


class Claims:
    """Begins runs for one worker, whose name is noted with each: it must be another's in no other process."""

    def __init__(
        self,
        store: JobStore,
        queues: Queues,
        durations: Durations,
        *,
        worker: str,
        lease_ms: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._queues = queues
        self._durations = durations
        self._worker = worker
        self._lease_ms = lease_ms
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, list[int]]] = {}
        self._unanswered: dict[str, list[StoredWithInput]] = {}

    async def begin(self, kind: Kind, entries: Sequence[bytes], room: int) -> list[Run]:
        """Claim the first of `entries` that may run now, `room` at most. Raises StoreUnavailable.

        Where others were quicker it looks again, so that nobody who has room passes over what still waits. A claim
        whose answer was lost may have been carried out: whether it was is seen to at the next call.
        """
        runs = await self._regain(kind)
        try:
            while found := await self._queues.ready(
                kind.name, kind.provider, entries, first=room - len(runs), most=kind.most
            ):
                begun = await self._claim(kind, found)
                runs += begun
                if len(begun) == len(found):
                    break
        except StoreUnavailable:
            if not runs:
                raise
        return runs

    async def _claim(self, kind: Kind, found: list[StoredWithInput]) -> list[Run]:
        recent = await self._recent(kind)
        now = await self._store.now()
        typical = quantile(recent, TYPICAL)
        begun = [(stored, _begun(stored.job, kind, now, typical)) for stored in found]
        try:
            jobs = await self._store.claim(begun, lease_ms=self._lease_ms, worker=self._worker, most=kind.most)
        except StoreUnavailable:
            self._unanswered.setdefault(kind.name, []).extend(found)
            raise
        return [self._run(stored, job, now, recent) for stored, job in zip(found, jobs, strict=True) if job is not None]

    async def _regain(self, kind: Kind) -> list[Run]:
        """The runs that began though nobody told us so."""
        begun = []
        for asked in self._unanswered.get(kind.name, []):
            stored = await self._store.get(asked.id)
            if stored is None or stored.expired or stored.claim != asked.claim:
                continue
            if stored.job.status is Status.PROCESSING and await self._store.worker_of(asked.id) == self._worker:
                begun.append(stored)
        now, recent = (await self._store.now(), await self._recent(kind)) if begun else (0, [])
        self._unanswered.pop(kind.name, None)
        return [self._run(stored, stored.job, now, recent) for stored in begun]

    def _run(self, stored: StoredWithInput, job: Job, now: int, recent: list[int]) -> Run:
        resumed = job.attempt > 1 or job.result is not None
        log(Event.RESUMED if resumed else Event.CLAIMED, job=job.id, kind=job.kind, attempt=job.attempt)
        told = milliseconds(job.expected_at) - now if job.expected_at is not None else None
        return Run(
            self._store,
            stored,
            job,
            started_ms=now,
            lease_ms=self._lease_ms,
            expectation=Expectation(recent, told),
        )

    async def _recent(self, kind: Kind) -> list[int]:
        of = kind.name, kind.provider
        asked, recent = self._known.get(of, (float("-inf"), []))
        if self._clock() - asked >= KNOWN_SECONDS:
            recent = await self._durations.recent(*of)
            self._known[of] = self._clock(), recent
        return recent


def _begun(job: Job, kind: Kind, now: int, expected: float | None) -> Job:
    return job.claimed(
        timestamp(now),
        provider=kind.provider,
        expected_at=steadied(job.expected_at, expected, now) if expected is not None else None,
    )
