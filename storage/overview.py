"""What waits, runs and has failed, of everybody: as the operator and the metrics look at it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.commands import Commands
from storage.keys import Keys
from storage.providers import Providers
from storage.records.encoding import decode
from storage.records.ids import JobId
from storage.records.job import Job, Status
from storage.scripts import Scripts
from storage.workers import Worker, Workers

SLICE = 250
"""Jobs that are counted in one step of Redis, in which nobody else is served."""


@dataclass(slots=True)
class Row:
    """The jobs of a kind with a provider. `provider` is none where neither they nor a worker say whose they are."""

    kind: str
    provider: str | None
    waiting: int = 0
    running: int = 0
    failed: int = 0
    """Those that are still kept."""
    waits_since: int | None = None
    """Since when the one waits that has waited longest, ms of Redis' clock."""
    ids: dict[Status, list[JobId]] = field(default_factory=dict)
    """The first of each status: of those that failed the last ones."""


@dataclass(frozen=True, slots=True)
class Overview:
    """As of `now`, ms of Redis' clock. There is a row for whatever has a job or a worker."""

    now: int
    rows: Sequence[Row]
    delayed: int
    """Jobs among those waiting that wait for a time before they run again."""
    workers: Sequence[Worker]
    paused: frozenset[str]

    @property
    def providers(self) -> list[str]:
        """All that are known, by their names."""
        return sorted({row.provider for row in self.rows if row.provider is not None} | self.paused)


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job, and what is not in its record. Times are milliseconds of Redis' clock."""

    job: Job
    owner: str
    queued_at: int | None
    worker: str | None
    """Who runs it, if it runs."""
    lease_until: int | None


class OverviewReader:
    """All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._scripts = Scripts(commands)
        self._keys = keys
        self._workers = Workers(commands, keys)
        self._providers = Providers(commands, keys)

    async def read(self, *, first: int = 0) -> Overview:
        """Count, and name the `first` of each status in each row. Redis walks over all jobs that are not final for it,
        and over those that failed, a slice at a time: a job that moves on meanwhile may be missed or counted twice.
        """
        workers = await self._workers.listed()
        rows = _Rows(workers)
        await self._count(rows, self._keys.active, "ZRANGE", first)
        await self._count(rows, self._keys.failed, "ZREVRANGE", first)
        delayed, (seconds, microseconds) = await self._commands.ask([(b"ZCARD", self._keys.delayed), (b"TIME",)])
        now = int(seconds) * 1000 + int(microseconds) // 1000
        return Overview(now, rows.sorted(), int(delayed), workers, await self._providers.paused())

    async def jobs(self, ids: Sequence[JobId]) -> list[ListedJob]:
        """Those of the jobs that are still kept, in this order."""
        if not ids:
            return []
        stem = self._keys.job_stem
        *hashes, leases = await self._commands.ask(
            [
                *((b"HMGET", stem + id_, b"record", b"owner", b"queued_at", b"worker") for id_ in ids),
                (b"ZMSCORE", self._keys.leases, *ids),
            ]
        )
        return [
            ListedJob(
                decode(record),
                owner.decode(),
                int(queued_at) if queued_at is not None else None,
                worker.decode() if worker is not None else None,
                int(float(lease)) if lease is not None else None,
            )
            for (record, owner, queued_at, worker), lease in zip(hashes, leases, strict=True)
            if record is not None
        ]

    async def _count(self, rows: "_Rows", index: str, order: str, first: int) -> None:
        offset, walked = 0, SLICE
        while walked == SLICE:
            walked, groups = await self._scripts.call(
                "count_jobs", [index], [self._keys.job_stem, order, offset, SLICE, first]
            )
            for group in groups:
                rows.add(_group(*group), first=first)
            offset += SLICE


class _Rows:
    """Rows that are being counted. A job that names no provider is that of the only one that does its kind."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._rows: dict[tuple[str, str | None], Row] = {}
        self._providers: dict[str, set[str]] = {}
        for worker in workers:
            for kind, place in worker.kinds.items():
                self._providers.setdefault(kind, set()).add(place.provider)
                self._row(kind, place.provider)

    def add(self, group: "_Group", *, first: int) -> None:
        row = self._row(group.kind, group.provider or self._sole(group.kind))
        match group.status:
            case Status.QUEUED:
                row.waiting += group.count
                if group.since is not None:
                    row.waits_since = min(group.since, row.waits_since or group.since)
            case Status.PROCESSING:
                row.running += group.count
            case Status.FAILED:
                row.failed += group.count
            case _:  # it has moved on since its index was read, or is of a newer version
                return
        named = row.ids.setdefault(Status(group.status), [])
        named += group.ids[: first - len(named)]

    def sorted(self) -> list[Row]:
        return sorted(self._rows.values(), key=lambda row: (row.kind, row.provider or ""))

    def _row(self, kind: str, provider: str | None) -> Row:
        return self._rows.setdefault((kind, provider), Row(kind, provider))

    def _sole(self, kind: str) -> str | None:
        providers = self._providers.get(kind, set())
        return next(iter(providers)) if len(providers) == 1 else None


@dataclass(frozen=True, slots=True)
class _Group:
    """What `count_jobs` has found of a kind, a provider and a status in a slice."""

    kind: str
    provider: str
    status: str
    count: int
    since: int | None
    ids: list[JobId]


def _group(kind: bytes, provider: bytes, status: bytes, count: int, since: bytes, ids: list[bytes]) -> _Group:
    return _Group(
        kind.decode(),
        provider.decode(),
        status.decode(),
        count,
        int(since) if since else None,
        [JobId(id_.decode()) for id_ in ids],
    )
