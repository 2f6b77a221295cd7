"""Reads how the jobs stand whose channels have just been subscribed to: what happened before is in no event."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from itertools import islice

from server.hub.channel import Channel
from server.hub.subscription import Watcher
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.logs import Event, log_error
from storage.stored import Stored

BATCH = 200
RETRY_FIRST = 0.25
RETRY_MOST = 5.0


class Snapshots:
    """A channel that is `due` is read, again and again if need be, in batches with a breath between.

    While Redis cannot be asked, all wait for a pause that grows to RETRY_MOST seconds. A job that alone cannot be read
    is read alone from then on, after such a pause of its own.

    `on_read(stored)` is told what was found, for somebody has looked at it; `on_unavailable(watcher)` who waits for
    what cannot be read now, once for each subscription.
    """

    def __init__(
        self,
        store: JobStore,
        *,
        on_read: Callable[[Sequence[Stored]], None],
        on_unavailable: Callable[[Watcher], None],
    ) -> None:
        self._store = store
        self._on_read = on_read
        self._on_unavailable = on_unavailable
        self._due: dict[Channel, None] = {}
        self._wake = asyncio.Event()
        self._pause = RETRY_FIRST
        self._anew = asyncio.Event()
        self._faulty: dict[Channel, float] = {}
        """What could not be read though Redis answers, and how long it waits after the next time."""
        self._later: dict[Channel, asyncio.TimerHandle] = {}

    def due(self, channel: Channel) -> None:
        """Read it, if it is acknowledged. One that is not comes when it is: a snapshot from before is worth nothing."""
        if channel.acknowledged:
            self._due[channel] = None
            self._wake.set()

    def on_down(self) -> None:
        """What is due will be so again, when it is acknowledged anew."""
        self._due.clear()
        self._pause = RETRY_FIRST
        self._anew.set()
        self._faulty.clear()
        for timer in self._later.values():
            timer.cancel()
        self._later.clear()

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
        together = [channel for channel in batch if channel not in self._faulty]
        alone = [channel for channel in batch if channel in self._faulty]
        if together and not await self._read_at_once(together):
            alone = together + alone
        for channel in alone:
            if channel.acknowledged and channel.subscriptions:  # it may have been lost or left while others were read
                await self._read_at_once([channel])

    async def _read_at_once(self, batch: list[Channel]) -> bool:
        """False: Redis has refused to read these together, and each is to be read alone."""
        for channel in batch:
            channel.read_begins()
        self._anew.clear()
        try:
            found = await self._store.get_many([channel.job_id for channel in batch])
        except StoreUnavailable:
            await self._postpone(batch)
            return True
        except Exception as error:  # whatever Redis answers, those who wait are not given up
            if len(batch) > 1:
                return False
            self._put_off(batch[0], error)
            return True
        self._pause = RETRY_FIRST
        for channel, stored in zip(batch, found, strict=True):
            try:
                if not channel.on_snapshot(stored):
                    self.due(channel)
                self._faulty.pop(channel, None)
            except Exception as error:  # a record that cannot be understood must not end the reading of all others
                self._put_off(channel, error)
        self._on_read([stored for stored in found if stored is not None])
        return True

    async def _postpone(self, batch: list[Channel]) -> None:
        for channel in batch:
            self.due(channel)
        self._tell_unavailable(batch)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._anew.wait()
        self._pause = RETRY_FIRST if self._anew.is_set() else min(RETRY_MOST, 2 * self._pause)

    def _put_off(self, channel: Channel, error: Exception) -> None:
        """This one alone cannot be read. It is due again later, and the later the oftener this happens."""
        if not channel.acknowledged or not channel.subscriptions:
            self._faulty.pop(channel, None)
            return
        pause = self._faulty.get(channel, RETRY_FIRST)
        if channel not in self._faulty:
            log_error(Event.CRASHED, job=channel.job_id, exception=error)
        self._faulty[channel] = min(RETRY_MOST, 2 * pause)
        if channel in self._later:
            self._later[channel].cancel()
        self._later[channel] = asyncio.get_running_loop().call_later(pause, self._again, channel)
        self._tell_unavailable([channel])

    def _again(self, channel: Channel) -> None:
        del self._later[channel]
        if channel.subscriptions:
            self.due(channel)
        else:
            self._faulty.pop(channel, None)

    def _tell_unavailable(self, batch: list[Channel]) -> None:
        waiting: dict[Watcher, None] = {}
        for channel in batch:
            for watcher, subscription in channel.subscriptions.items():
                if not subscription.live and not subscription.told_unavailable:
                    subscription.told_unavailable = True
                    waiting[watcher] = None
        for watcher in waiting:
            self._on_unavailable(watcher)
