"""The leases of all runs of a worker, renewed together."""

import asyncio

from jobs.run import Run
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log_error
from storage.records.ids import JobId

AGAIN_SECONDS = 0.5
"""After a renewal that failed: a connection that led nowhere must not cost a second pause as well."""
REMEMBERED = 1_000


class Leases:
    """Between `hold` and `release` a run keeps its lease, as long as `serve()` goes on.

    A run whose claim is another's by now is fenced: at the next renewal, or as soon as somebody says `lost`.
    """

    def __init__(self, store: JobStore, *, lease_ms: int, every: float) -> None:
        self._store = store
        self._lease_ms = lease_ms
        self._every = every
        self._held: dict[tuple[JobId, bytes], Run] = {}
        self._lost: dict[tuple[JobId, bytes], None] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, run: Run) -> None:
        self._held[run.id, run.claim] = run
        if (run.id, run.claim) in self._lost:
            run.fence()

    def release(self, run: Run) -> None:
        self._held.pop((run.id, run.claim), None)

    def lost(self, job_id: JobId, claim: bytes) -> None:
        """The job was ended, or given to another, under this claim. Nothing happens if it does not run here.

        This may be said before the claim's own answer was heard, so the last ones are remembered.
        """
        if (run := self._held.get((job_id, claim))) is not None:
            run.fence()
            return
        self._lost[job_id, claim] = None
        if len(self._lost) > REMEMBERED:
            del self._lost[next(iter(self._lost))]

    async def serve(self) -> None:
        """Renew until cancelled."""
        pause = self._every
        while True:
            await asyncio.sleep(pause)
            pause = self._every
            try:
                await self._renew()
            except StoreUnavailable:  # they work on: silence is not another claim
                pause = min(self._every, AGAIN_SECONDS)
            except Exception as error:
                log_error(Event.CRASHED, exception=error)

    async def _renew(self) -> None:
        if not (held := list(self._held.items())):
            return
        renewed = await self._store.renew([key for key, _ in held], lease_ms=self._lease_ms)
        for (key, run), ours in zip(held, renewed, strict=True):
            if not ours and key in self._held:
                run.fence()
