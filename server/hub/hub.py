"""The hub: which job's events go to whom. One for each server process.

The way of an event: `storage.events` reads it, `Hub` finds its channel, the channel's subscriptions decide who is owed
it, and each watcher puts the ready bytes into its outbox.

On subscribing: SUBSCRIBE, wait for its acknowledgement (`channels`), read the snapshot (`snapshots`), send what is
newer (`subscription`), go live. In the other order an event between snapshot and subscription is lost. When the
connection to Redis was lost, all of that begins anew for every job, for what was published meanwhile is gone.
docs/races.md walks through what may happen in between.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr
from redis.asyncio import Redis

from server.hub import background
from server.hub.background import Background
from server.hub.backstop import Backstop
from server.hub.care import Care
from server.hub.channels import Channels
from server.hub.counters import Counters, Resync
from server.hub.probe import Probe
from server.hub.snapshots import Snapshots
from server.hub.subscription import Event, Inquiry, Subscription, Watcher
from storage.commands import PooledCommands
from storage.events import Events
from storage.jobs import JobStore
from storage.keys import Keys
from storage.logs import Event as LogEvent
from storage.logs import log, log_error, warn
from storage.records.encoding import GONE_LETTER, HEADER, VERSION_DIGITS
from storage.records.ids import JobId
from storage.tasks import end
from storage.versions import Versions

TOLD_AT_ONCE = 200
"""Watchers told in one turn of the loop that Redis is away."""

SAMPLED = 64
"""Of so many events one is looked at for how late it is."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """What the hub does by the clock, in seconds."""

    touch: float = 60
    """How often the finished jobs that are still watched are kept on."""
    linger: float = 5
    """How long a channel that nobody watches any more stays subscribed."""
    backstop: float = 20
    """How often the unfinished jobs are compared with the store, which may have lost them."""
    probe: float = 10
    probe_answer: float = 5
    """A probe that is not back after this long is a lost connection."""


class Hub:
    """`watch` and `unwatch` return at once; what they bring comes through the watcher's methods.

    `on_deaf` is called when a probe did not come back, or when what one connection reads stays another than what the
    other reads: all connections are to be made anew, for any of them may lead nowhere, or to another Redis.
    """

    def __init__(
        self,
        redis: Redis,
        store: JobStore,
        keys: Keys,
        redis_url: SecretStr,
        *,
        counters: Counters,
        intervals: Intervals = Intervals(),
        on_deaf: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._counters = counters
        self._events = Events(redis_url, on_message=self._on_message, on_up=self._on_up, on_down=self._on_down)
        self._care = Care(store, every=intervals.touch)
        self._snapshots = Snapshots(store, on_read=self._care.looked_at, on_unavailable=self._tell_unavailable)
        self._channels = Channels(
            self._events,
            keys,
            linger=intervals.linger,
            on_acknowledged=self._snapshots.due,
            on_fault=self._on_fault,
        )
        self._probe = Probe(
            [PooledCommands(redis), store.commands],
            self._events,
            keys,
            counters,
            every=intervals.probe,
            answer=intervals.probe_answer,
            on_deaf=self._on_deaf,
            on_back=self._on_back,
        )
        self._backstop = Backstop(
            self._channels,
            Versions(redis, keys),
            self._snapshots,
            self._probe,
            counters,
            every=intervals.backstop,
            on_deaf=self._on_deaf,
        )
        self._by_name = self._channels.by_name
        self._renew = on_deaf
        self._heard = 0
        self._lost: Resync | None = None
        self._telling: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._reason: str | None = None
        """Why Redis is away, as it was last logged."""
        self._background = Background()

    @property
    def up(self) -> bool:
        """Whether the connection for events stands."""
        return self._events.up

    @property
    def channels(self) -> int:
        """Jobs whose events are listened for."""
        return len(self._channels)

    @property
    def subscriptions(self) -> int:
        """Subscriptions of all watchers."""
        return sum(len(channel.subscriptions) for channel in self._channels)

    @property
    def ready(self) -> bool:
        """Whether events come in, by the newest probe over the connection that stands, and all work on them goes on."""
        return self.up and self._probe.fresh and self._background.whole

    async def start(self) -> None:
        self._events.start()
        self._background.start(self._channels.subscribe(), "subscribing")
        self._background.start(self._channels.leave(), "unsubscribing")
        self._background.start(self._snapshots.read(), "snapshots")
        self._background.start(self._probe.run(), "probe")
        self._background.start(self._backstop.run(), "backstop")
        self._background.start(self._care.run(self._channels), "care")

    async def aclose(self) -> None:
        await self._background.aclose()
        await self._events.aclose()
        await end(*(task for task in (self._telling, self._renewing) if task is not None))

    def watch(self, watcher: Watcher, jobs: Mapping[JobId, bytes]) -> None:
        """Watch jobs, each with the version that the watcher has. Watching one again begins its subscription anew."""
        inquiry = Inquiry(watcher, list(jobs))
        for job_id, seen in jobs.items():
            channel = self._channels.open(job_id)
            subscription = channel.subscriptions.get(watcher)
            if subscription is None:
                subscription = Subscription(watcher, job_id, seen)
                channel.add(watcher, subscription)
            subscription.ask(inquiry, seen)
            self._snapshots.due(channel)
        if not self.up:
            watcher.unavailable()

    def unwatch(self, watcher: Watcher, job_ids: Iterable[JobId]) -> list[Subscription]:
        """Stop watching. Answers the subscriptions that ended, for whoever still holds something of them."""
        ended = []
        for job_id in job_ids:
            channel = self._channels.find(job_id)
            subscription = channel.remove(watcher) if channel is not None else None
            if channel is None or subscription is None:
                continue
            ended.append(subscription)
            if not channel.subscriptions:
                self._channels.desert(channel)
        inquiries = {inquiry: None for subscription in ended for inquiry in subscription.withdraw()}
        for inquiry in inquiries:  # not before: this may tell the watcher something, and that may raise
            inquiry.answer()
        return ended

    def _on_message(self, name: bytes, record: bytes) -> None:
        channel = self._by_name.get(name)
        if channel is None:
            if name == self._probe.channel:
                self._probe.on_message(record)
            return
        if len(record) < HEADER:
            return
        if record[VERSION_DIGITS] == GONE_LETTER:  # `is_gone`, without the call
            channel.rewind()
            self._snapshots.due(channel)
            return
        event = Event(record)
        self._heard += 1
        if self._heard % SAMPLED == 0:
            self._counters.lags.append(max(0.0, time.time() - int(event.version) / 1e6))
        channel.on_event(event)

    def _on_up(self) -> None:
        if self._lost is not None:
            self._counters.reconnects += 1
            self._counters.resyncs[self._lost] += 1
            self._lost = None
        if self._telling is not None:
            self._telling.cancel()  # who was not told yet has not noticed, and is told how things stand
        self._probe.on_up()
        self._channels.on_up()

    def _on_back(self) -> None:
        if self._reason is not None:
            log(LogEvent.STORE_BACK, channels=len(self._channels))
            self._reason = None

    def _on_deaf(self) -> None:
        self._lost = Resync.PROBE
        self._events.reconnect()
        if self._renew is not None and (self._renewing is None or self._renewing.done()):
            self._renewing = background.start(background.quietly(self._renew()), "renewal")

    def _on_down(self) -> None:
        self._lost = self._lost or Resync.LOST
        reason = self._events.refusal or self._lost.value
        if reason != self._reason:  # one that is lost again and again before a probe came back is away all the time
            self._reason = reason
            warn(LogEvent.STORE_LOST, channels=len(self._channels), reason=reason)
        self._probe.on_down()
        self._snapshots.on_down()
        self._channels.on_down()
        watchers = {watcher: None for channel in self._channels for watcher in channel.subscriptions}
        self._telling = background.start(self._tell_all_unavailable(list(watchers)), "unavailable")

    async def _tell_all_unavailable(self, watchers: list[Watcher]) -> None:
        for start in range(0, len(watchers), TOLD_AT_ONCE):
            for watcher in watchers[start : start + TOLD_AT_ONCE]:
                self._tell_unavailable(watcher)
            await asyncio.sleep(0)

    def _tell_unavailable(self, watcher: Watcher) -> None:
        try:
            watcher.unavailable()
        except Exception as error:
            self._on_fault(watcher, error)

    def _on_fault(self, watcher: Watcher, error: Exception) -> None:
        """One watcher's fault costs no other one anything, and itself its connection: what it has is not known."""
        log_error(LogEvent.CRASHED, exception=error)
        self._channels.forget(watcher)
        try:
            watcher.fail()
        except Exception as again:
            log_error(LogEvent.CRASHED, exception=again)
