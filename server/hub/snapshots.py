"""Reads how the jobs stand whose channels have just been subscribed to: what happened before is in no event."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice

from server.hub.channel import Channel
from server.hub.subscription import Watcher
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log_error
from storage.stored import Stored

BATCH = 200
RETRY_SECONDS = 0.25


class Snapshots:
    """A channel that is `due` is read, again and again if need be, in batches with a breath between.

    `on_read(stored)` is told what was found, for somebody has looked at it.
    """

    def __init__(self, store: JobStore, *, on_read: Callable[[Sequence[Stored]], None]) -> None:
        self._store = store
        self._on_read = on_read
        self._due: dict[Channel, None] = {}
        self._wake = asyncio.Event()

    def due(self, channel: Channel) -> None:
        """Read it, if it is acknowledged. One that is not comes when it is: a snapshot from before is worth nothing."""
        if channel.acknowledged:
            self._due[channel] = None
            self._wake.set()

    def on_down(self) -> None:
        """What is due will be so again, when it is acknowledged anew."""
        self._due.clear()

    async def read(self) -> None:
        """Read what is due, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := list(islice(self._due, BATCH)):
                await self._read(batch)
                await asyncio.sleep(0)

    async def _read(self, batch: list[Channel]) -> None:
        for channel in batch:
            del self._due[channel]
        batch = [channel for channel in batch if channel.subscriptions]
        if not batch:
            return
        for channel in batch:
            channel.read_begins()
        try:
            found = await self._store.get_many([channel.job_id for channel in batch])
        except Exception as error:  # whatever Redis answers, those who wait are not given up
            if not isinstance(error, StoreUnavailable):
                log_error(Event.CRASHED, exception=error)
            self._postpone(batch)
            await asyncio.sleep(RETRY_SECONDS)
            return
        for channel, stored in zip(batch, found, strict=True):
            channel.on_snapshot(stored)
        self._on_read([stored for stored in found if stored is not None])

    def _postpone(self, batch: list[Channel]) -> None:
        waiting: dict[Watcher, None] = {}
        for channel in batch:
            for watcher, subscription in channel.subscriptions.items():
                if not subscription.live:
                    waiting[watcher] = None
            self.due(channel)
        for watcher in waiting:
            watcher.unavailable()
