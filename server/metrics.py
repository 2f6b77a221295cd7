"""`GET /metrics`: what this server counts, as Prometheus reads it. docs/metrics.md has a row for each.

On the way of an event only plain integers are raised (`server.hub.counters`). Once a second, and when somebody asks,
what they rose by is carried over to Prometheus' own. Processes that share the folder `PROMETHEUS_MULTIPROC_DIR` answer
for all of them, whichever is asked; one that died counts on in the totals, but no longer in what there is now.
"""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.hub.codes import COUNTED, OTHER
from server.hub.counters import Limit, Refusal, Resync, Transport, Unstored
from server.problems import Problem
from server.queue_figures import QueueFigures
from server.services import Services
from storage.errors import SettingsError
from storage.keys import Keys
from storage.logs import Event, log_error
from storage.overview import OverviewReader

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# prometheus_client has looked at it too, once, when it was imported: a later change would split the two.
_folder = os.environ.get(FOLDER_VARIABLE)

TICK_SECONDS = 1.0
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Of this process and those that share its folder. Raises SettingsError for a folder that is none."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: dict[Counter, float] = {}
        self._folder = Path(_folder) if _folder else None
        if self._folder is not None and not self._folder.is_dir():
            raise SettingsError([f"{FOLDER_VARIABLE}: {self._folder} is no folder"])
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        own = self._registry if self._folder is None else None
        if own is not None:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=own)
        else:
            MultiProcessCollector(self._registry, self._folder)  # type: ignore[no-untyped-call]

        keys = Keys(services.settings.redis_prefix)
        self._queue = QueueFigures(OverviewReader(services.store.commands, keys))
        self._registry.register(self._queue)

        def counter(name: str, sentence: str) -> Counter:
            return Counter(name, sentence, registry=own)

        def counters(name: str, sentence: str, label: str, values: Iterable[object]) -> Counter:
            family = Counter(name, sentence, [label], registry=own)
            for value in values:
                family.labels(value)  # a series that begins at 0 is one whose first rise is seen
            return family

        def gauge(name: str, sentence: str, mode: Literal["livesum", "max"] = "livesum") -> Gauge:
            return Gauge(name, sentence, registry=own, multiprocess_mode=mode)

        def histogram(name: str, sentence: str) -> Histogram:
            return Histogram(name, sentence, registry=own, buckets=SECONDS)

        self._processes = gauge("limner_processes", "Server processes that run.")
        self._ready = gauge("limner_processes_ready", "Server processes that events reach and that let people in.")
        connections = Gauge(
            "limner_connections",
            "Connections that are open.",
            ["transport"],
            registry=own,
            multiprocess_mode="livesum",
        )
        self._connections = {transport: connections.labels(transport) for transport in Transport}
        self._accepted = counters(
            "limner_connections_accepted_total", "Connections that were let in.", "transport", Transport
        )
        self._refused = counters(
            "limner_connections_refused_total", "Connections that were not let in.", "reason", Refusal
        )
        self._disconnects = counters(
            "limner_websocket_disconnects_total", "WebSockets that ended, by close code.", "code", map(_label, COUNTED)
        )
        self._channels = gauge("limner_channels", "Jobs whose events are listened for.")
        self._subscriptions = gauge("limner_subscriptions", "Subscriptions of connections to jobs.")
        self._frames = counter("limner_frames_sent_total", "States and messages handed to a connection.")
        self._merged = counter(
            "limner_frames_merged_total", "States that a newer one of the same job replaced while they waited."
        )
        self._too_slow = counter("limner_slow_clients_total", "Connections cut off because they took too little.")
        self._unstored = counters(
            "limner_submissions_refused_total", "Submissions that could not be stored.", "reason", Unstored
        )
        self._limited = counters(
            "limner_submissions_limited_total", "Submissions refused because a limit was reached.", "limit", Limit
        )
        self._retried = counter("limner_jobs_retried_total", "Jobs that somebody had tried again.")
        self._reconnects = counter("limner_event_reconnects_total", "Event connections to Redis made anew.")
        self._resyncs = counters(
            "limner_resyncs_total", "Times that everything watched was read again.", "reason", Resync
        )
        self._finds = counter(
            "limner_backstop_finds_total", "Events that were missed and that only the backstop found. Must stay 0."
        )
        self._lag = histogram(
            "limner_event_lag_seconds",
            "From the storing of a state to its being handed on here. A sample of the events.",
        )
        self._probe = histogram("limner_probe_round_trip_seconds", "A probe's way through Redis and back.")
        self._drain = gauge("limner_drain_seconds", "How long the longest drain took.", "max")

    def update(self) -> None:
        """Carry over what was counted since the last time."""
        counted, hub = self._services.counters, self._services.hub
        self._processes.set(1)
        self._ready.set(int(hub.ready and self._services.clocks.whole and not self._services.drain.begun))
        for transport, connections in self._connections.items():
            connections.set(self._services.admission.open[transport])
        self._channels.set(hub.channels)
        self._subscriptions.set(hub.subscriptions)
        self._follow_all(self._accepted, counted.accepted.items())
        self._follow_all(self._refused, counted.refused.items())
        self._follow_all(self._disconnects, ((_label(code), total) for code, total in counted.closed.items()))
        self._follow_all(self._unstored, counted.unstored.items())
        self._follow_all(self._limited, counted.limited.items())
        self._follow_all(self._resyncs, counted.resyncs.items())
        self._follow(self._frames, counted.frames)
        self._follow(self._merged, counted.merged)
        self._follow(self._too_slow, counted.too_slow)
        self._follow(self._retried, counted.retried)
        self._follow(self._reconnects, counted.reconnects)
        self._follow(self._finds, counted.finds)
        while counted.lags:
            self._lag.observe(counted.lags.popleft())
        while counted.probes:
            self._probe.observe(counted.probes.popleft())
        self._drain.set(counted.drain_seconds)

    def _follow_all(self, family: Counter, totals: Iterable[tuple[str, int]]) -> None:
        for value, total in totals:
            self._follow(family.labels(value), total)

    def _follow(self, counter: Counter, total: float) -> None:
        rise = total - self._seen.get(counter, 0)
        if rise:
            self._seen[counter] = total
            counter.inc(rise)

    async def read(self) -> None:
        """Look at what is not of this process, as of a second ago at most."""
        await self._queue.read()

    async def tick(self) -> None:
        """Update once a second, until cancelled."""
        while True:
            try:
                self.update()
            except Exception as error:  # what cannot be counted now may be a second later
                log_error(Event.CRASHED, exception=error)
            await asyncio.sleep(TICK_SECONDS)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """What Prometheus reads, in the form that it accepts, and its content type. Call `update` and `read` before."""
        if self._folder is not None:
            _forget_the_dead(self._folder)
        try:
            encode, content_type = choose_encoder(accept)
        except TypeError:  # a version that is no number
            encode, content_type = choose_encoder("")
        return encode(self._registry), content_type


def routes(services: Services, metrics: Metrics) -> list[Route]:
    settings = services.settings

    def admit(request: Request) -> None:
        if settings.operator_key.get_secret_value():
            if not services.identity.caller(request).operator:
                raise Problem(401, "This wants the operator's key.", headers={"WWW-Authenticate": "Bearer"})
        elif not settings.anonymous:
            raise Problem(403, "Only the operator may see this, and LIMNER_OPERATOR_KEY is not set.")

    async def answer(request: Request) -> Response:
        admit(request)
        metrics.update()
        await metrics.read()
        # With many processes a scrape reads as many files: events do not wait for that.
        body, content_type = await asyncio.to_thread(metrics.exposition, request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    return [Route("/metrics", answer)]


def _label(code: int) -> str:
    return "other" if code == OTHER else str(code)


def _forget_the_dead(folder: Path) -> None:
    """What is true of a process only while it lives goes with it."""
    for file in folder.glob("gauge_live*.db"):
        if not _lives(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):  # a process of somebody else has only the same number
        return False
    return True
