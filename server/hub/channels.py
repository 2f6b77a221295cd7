"""Which channels there are, and the way of each: wanted, asked for, acknowledged; deserted, left.

What is to be subscribed to goes out in batches, each when the one before is acknowledged: ten thousand channels of a
connection that was made anew hold nobody up, and those who come one by one in a rush share a command.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice

from server.hub.channel import Channel
from server.hub.subscription import Watcher
from storage.errors import StoreUnavailable
from storage.events import Events
from storage.keys import Keys
from storage.records.ids import JobId

BATCH = 200


class Channels:
    """`on_acknowledged(channel)` is called when Redis has said that it publishes a watched job's channel to us.

    `on_fault(watcher, error)` is that of every channel.

    A channel that nobody watches any more stays subscribed for `linger` seconds: a page that reloads is back at once.
    """

    def __init__(
        self,
        events: Events,
        keys: Keys,
        *,
        linger: float,
        on_acknowledged: Callable[[Channel], None],
        on_fault: Callable[[Watcher, Exception], None],
    ) -> None:
        self._events = events
        self._keys = keys
        self._linger = linger
        self._on_acknowledged = on_acknowledged
        self._on_fault = on_fault
        self.by_name: dict[bytes, Channel] = {}
        self._wanted: dict[Channel, None] = {}
        self._wake = asyncio.Event()
        self._deserted: dict[Channel, float] = {}
        """Since when, by the loop's clock; the longest first."""

    def __iter__(self) -> Iterator[Channel]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)

    def find(self, job_id: JobId) -> Channel | None:
        return self.by_name.get(self._keys.job(job_id).encode())

    def open(self, job_id: JobId) -> Channel:
        """The job's channel, which is subscribed to if it is new. Whoever calls this is about to watch it."""
        name = self._keys.job(job_id).encode()
        channel = self.by_name.get(name)
        if channel is None:
            channel = self.by_name[name] = Channel(job_id, name, on_fault=self._on_fault)
            self._want({channel: None})
        else:
            self._deserted.pop(channel, None)
        return channel

    def forget(self, watcher: Watcher) -> None:
        """It watches nothing any more, and is told nothing more."""
        for channel in self:
            if watcher in channel.subscriptions:
                channel.remove(watcher)
                if not channel.subscriptions:
                    self.desert(channel)

    def desert(self, channel: Channel) -> None:
        """Nobody watches it any more."""
        self._deserted[channel] = asyncio.get_running_loop().time()

    def on_up(self) -> None:
        """A connection stands, with nothing subscribed on it."""
        self._want(dict.fromkeys(self))

    def on_down(self) -> None:
        self._wanted.clear()
        for channel in self._deserted:
            del self.by_name[channel.name]
        self._deserted.clear()
        for channel in self:
            channel.acknowledged = False
            channel.rewind()

    async def subscribe(self) -> None:
        """Subscribe to what is wanted, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := list(islice(self._wanted, BATCH)):
                for channel in batch:
                    del self._wanted[channel]
                await self._ask(batch)

    async def leave(self) -> None:
        """Unsubscribe from what has been deserted for long enough, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._linger / 2)
            while batch := self._overdue(loop.time() - self._linger):
                for channel in batch:
                    del self._deserted[channel]
                    del self.by_name[channel.name]
                    self._wanted.pop(channel, None)
                self._events.unsubscribe(*(channel.name for channel in batch))
                await asyncio.sleep(0)

    def _want(self, channels: dict[Channel, None]) -> None:
        self._wanted.update(channels)
        self._wake.set()

    async def _ask(self, batch: list[Channel]) -> None:
        try:
            acknowledgement = self._events.subscribe(*(channel.name for channel in batch))
        except StoreUnavailable:
            return  # with the next connection all are wanted anew
        # Not after waiting for it: by then the connection may be another.
        acknowledgement.add_done_callback(lambda future: self._acknowledged(batch, future))
        await asyncio.wait([acknowledgement])

    def _acknowledged(self, batch: list[Channel], acknowledgement: "asyncio.Future[None]") -> None:
        if acknowledgement.cancelled():
            return
        for channel in batch:
            channel.acknowledged = True
            self._on_acknowledged(channel)

    def _overdue(self, until: float) -> list[Channel]:
        return [channel for channel, since in islice(self._deserted.items(), BATCH) if since <= until]
