"""What `/metrics` says of the queue. It stands in Redis and is the same for every server: nothing of it is summed.

Whichever process is asked reads it then, and at most once a second.
"""

import asyncio
import time
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from storage.errors import StoreUnavailable
from storage.overview import Overview, OverviewReader, Row

KNOWN_SECONDS = 1.0
READ_SECONDS = 2.0
"""A scrape must not fail as a whole because Redis is slow to answer."""


class QueueFigures(Collector):
    """`read()` before `collect()`. While Redis cannot be reached there are none of these figures."""

    def __init__(self, overviews: OverviewReader, clock: Callable[[], float] = time.monotonic) -> None:
        self._overviews = overviews
        self._clock = clock
        self._asked = float("-inf")
        self._overview: Overview | None = None
        self._reading = asyncio.Lock()

    async def read(self) -> None:
        """Look at the queue, unless that was done a moment ago."""
        async with self._reading:
            if self._clock() - self._asked < KNOWN_SECONDS:
                return
            try:
                async with asyncio.timeout(READ_SECONDS):
                    self._overview = await self._overviews.read()
            except (StoreUnavailable, TimeoutError):
                self._overview = None
            self._asked = self._clock()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        overview = self._overview
        if overview is None:
            return
        yield _by_row(overview, "limner_jobs_waiting", "Jobs that wait.", lambda row: row.waiting)
        yield _by_row(overview, "limner_jobs_running", "Jobs that run.", lambda row: row.running)
        yield _by_row(overview, "limner_jobs_failed", "Failed jobs that are still kept.", lambda row: row.failed)
        yield _by_row(
            overview,
            "limner_oldest_wait_seconds",
            "How long the job has waited that waits longest.",
            lambda row: max(0, overview.now - row.waits_since) / 1000 if row.waits_since is not None else 0,
        )
        yield GaugeMetricFamily(
            "limner_jobs_delayed",
            "Jobs among those waiting that wait for a time before they are tried again.",
            overview.delayed,
        )
        yield GaugeMetricFamily("limner_workers", "Workers that live.", len(overview.workers))
        paused = GaugeMetricFamily(
            "limner_provider_paused", "1 where an operator has paused the provider, else 0.", labels=["provider"]
        )
        for provider in overview.providers:
            paused.add_metric([provider], provider in overview.paused)
        yield paused


def _by_row(overview: Overview, name: str, sentence: str, figure: Callable[[Row], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, sentence, labels=["kind", "provider"])
    for row in overview.rows:
        family.add_metric([row.kind, row.provider or ""], figure(row))
    return family
