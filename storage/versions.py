"""The versions of many jobs, without their records: what is read again and again of everything that is watched."""

from collections.abc import Sequence
from typing import cast

from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.keys import Keys
from storage.records.encoding import NO_VERSION
from storage.records.ids import JobId
from storage.scripts import Scripts


class Versions:
    """A tenth of what reading the records costs the reader, for nothing is sent that is not wanted."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._scripts = Scripts(PooledCommands(client))
        self._keys = keys

    async def read(self, job_ids: Sequence[JobId]) -> list[bytes]:
        """The version of each, in the order asked for; NO_VERSION for one that is not there, no longer
        kept or unreadable.

        Raises StoreUnavailable.
        """
        if not job_ids:
            return []
        versions = await self._scripts.call("read_versions", [self._keys.job(job_id) for job_id in job_ids], [])
        return [version or NO_VERSION for version in cast(list[bytes], versions)]
