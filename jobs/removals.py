"""Deleted worlds: their jobs go from Redis, and their pictures from the object store."""

import contextlib

from storage.errors import DatabaseUnavailable, JobUnknown, ObjectStoreUnavailable, StepRefused, StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log, log_error
from storage.objects.base import ObjectStore
from storage.records.ids import JobId
from storage.removals import Removal, Removals

BATCH = 20
DELETED_AT_ONCE = 1_000
SPARE_SECONDS = 60.0


class Remover:
    """Removes what is left of worlds, as often as it takes.

    A run that had begun when its world was deleted may still write an object: for `most` seconds, the longest that a
    run may take. So everything is removed at once, and once more after that.
    """

    def __init__(self, store: JobStore, removals: Removals, objects: ObjectStore, *, most: float) -> None:
        self._store = store
        self._removals = removals
        self._objects = objects
        self._settled = most + SPARE_SECONDS

    async def remove_due(self, *, again: float) -> None:
        """Whatever fails is tried again after so many seconds.

        Raises DatabaseUnavailable, StoreUnavailable, ObjectStoreUnavailable.
        """
        for removal in await self._removals.due(limit=BATCH, again=again):
            try:
                await self._remove(removal)
            except (DatabaseUnavailable, StoreUnavailable, ObjectStoreUnavailable):
                raise
            except Exception as error:  # one that cannot be removed keeps nobody from the others
                log_error(Event.CRASHED, exception=error)

    async def _remove(self, removal: Removal) -> None:
        stopped = [job_id for job_id in removal.jobs if await self._remove_job(removal.owner, job_id)]
        for prefix in (f"portraits/{removal.world_id}/", f"videos/{removal.world_id}/"):
            await self._remove_objects(prefix)
        left = self._settled if stopped else self._settled - removal.age
        if left > 0:
            await self._removals.look_again(removal.world_id, seconds=left)
            return
        await self._removals.done(removal.world_id)
        log(Event.WORLD_REMOVED, jobs=len(removal.jobs))

    async def _remove_job(self, owner: str, job_id: JobId) -> bool:
        """Whether it was not at its end, so that a run of it may go on for a while."""
        stored = await self._store.look(job_id)
        if stored is None or stored.expired or stored.owner != owner:
            return False
        unfinished = not stored.job.final
        # It may end, or be gone, in the same moment.
        with contextlib.suppress(JobUnknown, StepRefused):
            if unfinished:
                await self._store.cancel(job_id)
        with contextlib.suppress(JobUnknown, StepRefused):
            # A world that was made of the same character this moment still wants its portrait.
            await self._store.remove(job_id, unwanted=False)
        return unfinished

    async def _remove_objects(self, prefix: str) -> None:
        keys: list[str] = []
        async for listed in self._objects.list(prefix):
            keys.append(listed.key)
            if len(keys) == DELETED_AT_ONCE:
                await self._objects.delete(*keys)
                keys = []
        if keys:
            await self._objects.delete(*keys)
