"""Temporary pictures: base64 text in Redis, stored by the step that makes a job `succeeded`, kept as long as it."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis

from storage.connect import store_errors
from storage.keys import Keys
from storage.records.ids import JobId


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture as it is kept: base64 text, and the entity tag of its bytes, so that nobody hashes it again."""

    base64: bytes
    etag: str

    @classmethod
    def of(cls, data: bytes) -> "StoredPicture":
        return cls(base64.b64encode(data), hashlib.sha256(data).hexdigest()[:32])


class PortraitStore:
    """Reads pictures. They are written by `JobStore.advance`."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def text(self, job_id: JobId) -> bytes | None:
        """The picture as base64 text, or none. Raises StoreUnavailable."""
        with store_errors():
            return cast(bytes | None, await self._client.get(self._keys.portrait(job_id)))

    async def texts(self, job_ids: Sequence[JobId]) -> list[bytes | None]:
        """The same of several, in one round trip."""
        if not job_ids:
            return []
        with store_errors():
            found = await self._client.mget([self._keys.portrait(job_id) for job_id in job_ids])
        return cast(list[bytes | None], found)

    async def data(self, job_id: JobId) -> bytes | None:
        """The picture's bytes, or none. Raises StoreUnavailable."""
        text = await self.text(job_id)
        return base64.b64decode(text) if text is not None else None
