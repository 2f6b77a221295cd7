"""The hub: which job's events go to whom. One for each server process.

On subscribing: SUBSCRIBE, wait for its acknowledgement, read the snapshot, send what is newer, go live. In the other
order an event between snapshot and subscription is lost. When the connection to Redis was lost, all of that begins anew
for every job, for what was published meanwhile is gone.
"""

import asyncio
import random
from collections.abc import Awaitable, Iterable, Mapping

from pydantic import SecretStr

from server.hub.counters import Counters, Resync
from server.hub.subscription import Event, Inquiry, Subscription, Watcher
from storage.errors import StoreUnavailable
from storage.events import Events
from storage.jobs import JobStore
from storage.keys import Keys
from storage.logs import Event as LogEvent
from storage.logs import log, log_error, warn
from storage.records.encoding import HEADER, NO_VERSION, is_gone, version_of
from storage.records.ids import JobId
from storage.stored import Stored
from storage.tasks import end

BATCH = 200
LINGER_SECONDS = 5.0
"""A channel that nobody watches any more stays subscribed this long: a page that reloads is back at once."""
RETRY_SECONDS = 0.25


class Channel:
    """One job's channel, and everybody who watches it."""

    __slots__ = ("acknowledged", "deserted", "final", "job_id", "name", "newest", "subscriptions")

    def __init__(self, job_id: JobId, name: bytes) -> None:
        self.job_id = job_id
        self.name = name
        self.subscriptions: dict[Watcher, Subscription] = {}
        self.acknowledged = False
        self.newest = NO_VERSION
        """The version of the newest state that was heard of; NO_VERSION where there is none."""
        self.final = False
        """Whether that is a final one."""
        self.deserted: float | None = None


class Hub:
    """`watch` and `unwatch` return at once; what they bring comes through the watcher's methods.

    `touch_seconds` is how often the finished jobs that are still watched are kept on, `backstop_seconds` how often the
    unfinished ones are compared with the store, which may have lost them.
    """

    def __init__(
        self,
        store: JobStore,
        keys: Keys,
        redis_url: SecretStr,
        *,
        counters: Counters,
        touch_seconds: float = 60.0,
        backstop_seconds: float = 20.0,
    ) -> None:
        self._store = store
        self._keys = keys
        self._channels: dict[bytes, Channel] = {}
        self._events = Events(redis_url, on_message=self._on_message, on_up=self._on_up, on_down=self._on_down)
        self._counters = counters
        self._touch_seconds = touch_seconds
        self._backstop_seconds = backstop_seconds
        self._unread: dict[Channel, None] = {}
        self._reading = asyncio.Event()
        self._connection = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def up(self) -> bool:
        """Whether events can come in."""
        return self._events.up

    async def start(self) -> None:
        self._events.start()
        self._tasks = [
            asyncio.create_task(self._read_snapshots(), name="snapshots"),
            asyncio.create_task(self._tidy(), name="hub tidy"),
        ]
        for task in self._tasks:
            task.add_done_callback(_report_crash)

    async def aclose(self) -> None:
        await end(*self._tasks)
        await self._events.aclose()

    def watch(self, watcher: Watcher, jobs: Mapping[JobId, bytes]) -> None:
        """Watch jobs, each with the version that the watcher has. Watching one again begins its subscription anew."""
        inquiry = Inquiry(watcher, list(jobs))
        for job_id, seen in jobs.items():
            channel = self._channel(job_id)
            subscription = channel.subscriptions.get(watcher)
            if subscription is None:
                subscription = channel.subscriptions[watcher] = Subscription(watcher, job_id, seen)
            subscription.ask(inquiry, seen)
            channel.deserted = None
            if channel.acknowledged:
                self._read(channel)
        if not self.up:
            watcher.unavailable()

    def unwatch(self, watcher: Watcher, job_ids: Iterable[JobId]) -> list[Subscription]:
        """Stop watching. Answers the subscriptions that ended, for whoever still holds something of them."""
        ended = []
        for job_id in job_ids:
            channel = self._channels.get(self._keys.job(job_id).encode())
            subscription = channel.subscriptions.pop(watcher, None) if channel is not None else None
            if channel is None or subscription is None:
                continue
            subscription.withdraw()
            ended.append(subscription)
            if not channel.subscriptions:
                channel.deserted = asyncio.get_running_loop().time()
        return ended

    def _channel(self, job_id: JobId) -> Channel:
        name = self._keys.job(job_id).encode()
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(job_id, name)
            self._subscribe(channel)
        return channel

    def _subscribe(self, channel: Channel) -> None:
        try:
            acknowledgement = self._events.subscribe(channel.name)
        except StoreUnavailable:
            return  # `_on_up` subscribes to every channel there is
        connection = self._connection

        def acknowledged(future: "asyncio.Future[None]") -> None:
            if not future.cancelled() and connection == self._connection and self.up:
                channel.acknowledged = True
                self._read(channel)

        acknowledgement.add_done_callback(acknowledged)

    def _read(self, channel: Channel) -> None:
        self._unread[channel] = None
        self._reading.set()

    def _on_message(self, name: bytes, record: bytes) -> None:
        channel = self._channels.get(name)
        if channel is None or len(record) < HEADER:
            return
        if is_gone(record):
            self._rewind(channel)
            return
        event = Event(record)
        channel.newest, channel.final = event.version, event.final
        for subscription in list(channel.subscriptions.values()):
            subscription.on_event(event)

    def _on_up(self) -> None:
        if self._connection:
            log(LogEvent.STORE_BACK, channels=len(self._channels))
            self._counters.reconnects += 1
            self._counters.resyncs[Resync.LOST] += 1
        self._connection += 1
        for channel in self._channels.values():
            self._subscribe(channel)

    def _on_down(self) -> None:
        warn(LogEvent.STORE_LOST, channels=len(self._channels))
        self._unread.clear()
        watchers: dict[Watcher, None] = {}
        for channel in self._channels.values():
            channel.acknowledged = False
            for watcher, subscription in channel.subscriptions.items():
                subscription.rewind()
                watchers[watcher] = None
        for watcher in watchers:
            watcher.unavailable()

    async def _read_snapshots(self) -> None:
        while True:
            await self._reading.wait()
            while batch := list(self._unread)[:BATCH]:
                for channel in batch:
                    del self._unread[channel]
                    for subscription in channel.subscriptions.values():
                        subscription.read_begins()
                connection = self._connection
                try:
                    found = await self._store.get_many([channel.job_id for channel in batch])
                except Exception as error:  # whatever Redis answers, those who wait are not given up
                    if not isinstance(error, StoreUnavailable):
                        log_error(LogEvent.CRASHED, exception=error)
                    self._postpone(batch)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                if connection != self._connection or not self.up:
                    continue  # the connection was made anew meanwhile, and with it every snapshot is due again
                for channel, stored in zip(batch, found, strict=True):
                    self._deliver(channel, stored)
                await _quietly(self._store.touch([stored for stored in found if stored is not None]))
                await asyncio.sleep(0)
            self._reading.clear()

    def _postpone(self, batch: list[Channel]) -> None:
        waiting = {
            watcher: None
            for channel in batch
            for watcher, subscription in channel.subscriptions.items()
            if not subscription.live
        }
        for watcher in waiting:
            watcher.unavailable()
        self._unread.update((channel, None) for channel in batch if channel.acknowledged)

    @staticmethod
    def _deliver(channel: Channel, stored: Stored | None) -> None:
        snapshot = Event(stored.record) if stored is not None and stored.record is not None else None
        channel.newest = snapshot.version if snapshot is not None else NO_VERSION
        channel.final = snapshot is not None and snapshot.final
        for subscription in list(channel.subscriptions.values()):
            subscription.on_snapshot(snapshot, expired=stored is not None)

    async def _tidy(self) -> None:
        loop = asyncio.get_running_loop()
        touched = compared = loop.time()
        while True:
            await asyncio.sleep(min(LINGER_SECONDS / 2, self._touch_seconds, self._backstop_seconds))
            now = loop.time()
            if now - touched >= self._touch_seconds:
                touched = now
                await _quietly(self._touch())
            if now - compared >= self._backstop_seconds:
                compared = now + self._backstop_seconds * random.uniform(-0.15, 0.15)
                await _quietly(self._compare())
            for channel in list(self._channels.values()):
                if channel.deserted is not None and now - channel.deserted > LINGER_SECONDS:
                    del self._channels[channel.name]
                    self._unread.pop(channel, None)
                    self._events.unsubscribe(channel.name)

    async def _touch(self) -> None:
        """What is still being looked at is kept."""
        watched = [channel.job_id for channel in self._channels.values() if channel.final and channel.subscriptions]
        for start in range(0, len(watched), BATCH):
            found = await self._store.get_many(watched[start : start + BATCH])
            await self._store.touch([stored for stored in found if stored is not None])

    async def _compare(self) -> None:
        """The backstop: what the store says otherwise than was last heard of it is read and delivered anew."""
        watched = [
            channel
            for channel in self._channels.values()
            if channel.acknowledged and channel.subscriptions and not channel.final
        ]
        for start in range(0, len(watched), BATCH):
            batch = watched[start : start + BATCH]
            found = await self._store.get_many([channel.job_id for channel in batch])
            for channel, stored in zip(batch, found, strict=True):
                version = version_of(stored.record) if stored is not None and stored.record else NO_VERSION
                if channel.acknowledged and version != channel.newest:
                    self._rewind(channel)

    def _rewind(self, channel: Channel) -> None:
        for subscription in channel.subscriptions.values():
            subscription.rewind()
        self._read(channel)


async def _quietly(work: Awaitable[None]) -> None:
    """What is done by the way must not end the task that does it."""
    try:
        await work
    except StoreUnavailable:
        pass
    except Exception as error:
        log_error(LogEvent.CRASHED, exception=error)


def _report_crash(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        log_error(LogEvent.CRASHED, exception=task.exception())
