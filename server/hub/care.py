"""Finished jobs are kept as long as somebody looks at them."""

import asyncio
import contextlib
from collections.abc import Sequence

from server.hub.background import quietly
from server.hub.channels import Channels
from storage.jobs import JobStore
from storage.stored import Stored

BATCH = 200


class Care:
    """Keeps on what was read just now, and every `every` seconds what is still being watched."""

    def __init__(self, store: JobStore, *, every: float) -> None:
        self._store = store
        self._every = every
        self._looked_at: list[Stored] = []
        self._wake = asyncio.Event()

    def looked_at(self, jobs: Sequence[Stored]) -> None:
        """Somebody was given the state of these jobs."""
        finished = [stored for stored in jobs if stored.keeps is not None]
        if finished:
            self._looked_at += finished
            self._wake.set()

    async def run(self, channels: Channels) -> None:
        """Keep, until cancelled."""
        loop = asyncio.get_running_loop()
        again = loop.time() + self._every
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(again):
                    await self._wake.wait()
            self._wake.clear()
            looked_at, self._looked_at = self._looked_at, []
            await quietly(self._store.touch(looked_at))
            if loop.time() >= again:
                again = loop.time() + self._every
                await quietly(self._keep_on(channels))

    async def _keep_on(self, channels: Channels) -> None:
        watched = [channel.job_id for channel in channels if channel.final and channel.subscriptions]
        for start in range(0, len(watched), BATCH):
            found = await self._store.get_many(watched[start : start + BATCH])
            await self._store.touch([stored for stored in found if stored is not None])
