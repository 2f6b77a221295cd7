"""The backstop: what everybody who watches believes is compared with what Redis has.

It finds what no event can tell: that Redis has lost a job. Whatever else it finds is a fault of ours.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from server.hub.background import quietly
from server.hub.channel import Channel
from server.hub.channels import Channels
from server.hub.counters import Counters
from server.hub.probe import Probe
from server.hub.snapshots import Snapshots
from storage.logs import Event, warn
from storage.versions import Versions

BATCH = 200
SPREAD = 0.15


@dataclass(frozen=True, slots=True)
class Difference:
    """Redis had `stored` when `heard` was the newest version that had come by the channel."""

    channel: Channel
    heard: bytes
    stored: bytes

    @property
    def stands(self) -> bool:
        """Whether what has come since does not explain it."""
        if not self.channel.subscriptions:
            return False  # what nobody watches is no longer subscribed to before long
        newest = self.channel.newest
        return self.channel.known and (newest < self.stored or (newest == self.heard != self.stored))


class Backstop:
    """Compares every `every` seconds, more or less.

    `on_deaf()` is called when a difference is still there after it was read anew: the connections by which versions and
    snapshots are read lead to different places.
    """

    def __init__(
        self,
        channels: Channels,
        versions: Versions,
        snapshots: Snapshots,
        probe: Probe,
        counters: Counters,
        *,
        every: float,
        on_deaf: Callable[[], None],
    ) -> None:
        self._channels = channels
        self._versions = versions
        self._snapshots = snapshots
        self._probe = probe
        self._counters = counters
        self._every = every
        self._on_deaf = on_deaf
        self._read_anew: dict[Channel, bytes] = {}
        """What differed the last time, and what was known of it then."""

    async def run(self) -> None:
        """Compare, until cancelled."""
        while True:
            await asyncio.sleep(self._every * random.uniform(1 - SPREAD, 1 + SPREAD))
            await quietly(self.compare())

    async def compare(self) -> None:
        """Read the versions, and have everything read anew that differs.

        An event may be under way. When a probe has gone round after the reading, every event that was published before
        it is here, and what still differs is a find. Where the probe did not go round nothing is counted, nor is a
        finished job, whose time may be over without anybody having swept it yet. What reading anew has not mended since
        the last time is a fault of the connections, and not counted twice.
        """
        differences = await self._differences()
        before, self._read_anew = self._read_anew, {}
        if not differences:
            return
        gone_round = await self._probe.goes_round()
        differences = [difference for difference in differences if difference.stands]
        standing = [difference.channel for difference in differences]
        finds = [channel for channel in standing if gone_round and not channel.final]
        if any(before.get(channel) == channel.newest for channel in finds):
            self._on_deaf()
            return
        self._read_anew = {channel: channel.newest for channel in finds}
        for channel in standing:
            channel.rewind()
            self._snapshots.due(channel)
        if finds:
            self._counters.finds += len(finds)
            warn(Event.MISSED, job=finds[0].job_id, jobs=len(finds))

    async def _differences(self) -> list[Difference]:
        watched = [channel for channel in self._channels if channel.subscriptions]
        differences = []
        for start in range(0, len(watched), BATCH):
            batch = [channel for channel in watched[start : start + BATCH] if channel.known]
            heard = [channel.newest for channel in batch]
            stored = await self._versions.read([channel.job_id for channel in batch])
            differences += [
                difference
                for difference in map(Difference, batch, heard, stored)
                if difference.heard != difference.stored and difference.stands
            ]
            await asyncio.sleep(0)
        return differences
