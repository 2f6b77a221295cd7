"""The deliveries of webhooks: one for each final state of a job that was submitted with a `webhook`.

The script that ends such a job makes its delivery in the same step (`storage.jobs.JobStore.advance` and `end`). Workers
`take` what is due, send it and `note` what came of it; an operator sees all of them as `listed` and sends one `again`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast
from urllib.parse import urlsplit

from storage.commands import Commands
from storage.jobs import DELIVERY_KEEP_MS
from storage.keys import Keys
from storage.records.encoding import json_of
from storage.records.ids import JobId
from storage.scripts import Scripts

WINDOW = 1_000
"""Due deliveries that are looked at to find some whose receivers are not busy."""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    """To be sent, or under way just now."""
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as an operator sees it. Times are in milliseconds of Redis' clock.

    The URL may hold a secret of whoever named it: logs and pages show the `host`.
    """

    id: str
    """What `WebhookStore.again` takes, and the `webhook-id` that the receiver gets."""
    job: JobId
    owner: str
    url: str
    state: DeliveryState
    attempts: int
    """How often it was sent, or begun to be."""
    status: int | None
    """What the receiver answered last; none where it has not answered."""
    error: str | None
    """Why the last attempt failed, in words; none once it is delivered, and before the first attempt."""
    created_at: int
    tried_at: int | None
    """When the last attempt began."""
    next_try: int | None
    """When it is tried again; none where it is delivered or given up."""

    @property
    def host(self) -> str:
        return host_of(self.url)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that the caller is to send now, and then to `note`."""

    id: str
    job: JobId
    url: str
    body: bytes
    """The job's record, as JSON."""
    receiver: str
    """Whom it goes to: host and port, as they stand in the URL."""
    attempt: int
    tries: int
    """Which attempt it is since it was made, or since somebody last asked for it."""


class WebhookStore:
    """All methods raise StoreUnavailable while Redis cannot be reached."""

    def __init__(self, commands: Commands, keys: Keys) -> None:
        self._commands = commands
        self._scripts = Scripts(commands)
        self._keys = keys

    async def listed(self, *, limit: int) -> list[Delivery]:
        """The deliveries that are still known, newest first. One that was sent again is new again.

        A delivery is known for two days, from when it was made or last asked for.
        """
        keys = self._keys
        (ids,) = await self._commands.ask([(b"ZREVRANGE", keys.deliveries, 0, limit - 1)])
        names = [id_.decode() for id_ in ids]
        answers = await self._commands.ask(
            [
                *((b"HMGET", keys.webhook(name), *_FIELDS) for name in names),
                *((b"ZSCORE", keys.webhooks, name) for name in names),
            ]
        )
        rows = zip(names, answers[: len(names)], answers[len(names) :], strict=True)
        return [_delivery(name, row, next_try) for name, row, next_try in rows if row[0] is not None]

    async def again(self, delivery: str) -> bool:
        """Have a delivery sent now, also one that is delivered or given up; it is then tried for a day once more.

        False: it is not known, or no longer.
        """
        keys = self._keys
        answer = await self._scripts.call(
            "repeat_webhook",
            [keys.webhook(delivery), keys.webhooks, keys.deliveries],
            [delivery, DELIVERY_KEEP_MS],
        )
        return bool(answer)

    async def take(self, *, most: int, per_receiver: int, under_way: Mapping[str, int], lease_ms: int) -> list[Taken]:
        """Deliveries that are due, `most` of them, for the caller alone until the lease ends.

        `under_way` is how many the caller is sending already, by receiver; with those no receiver gets more than
        `per_receiver` at once, and the deliveries of the others come first.
        """
        keys = self._keys
        rows = await self._scripts.call(
            "take_webhooks",
            [keys.webhooks, keys.deliveries],
            [
                keys.webhook_stem,
                most,
                per_receiver,
                lease_ms,
                WINDOW,
                DELIVERY_KEEP_MS,
                *(word for pair in under_way.items() for word in pair),
            ],
        )
        return [_taken(*row) for row in cast(list[list[bytes]], rows)]

    async def note(
        self, taken: Taken, *, status: int | None, error: str | None, wait_ms: int | None, patience_ms: int
    ) -> DeliveryState | None:
        """Keep what came of an attempt, and answer what has become of the delivery.

        Without an `error` it is delivered. Else it is tried again after `wait_ms`, unless that is none or would be more
        than `patience_ms` after it was made or last asked for: then it is given up. None: another worker has taken it
        since, or it is no longer known, and nothing is changed.
        """
        keys = self._keys
        state = await self._scripts.call(
            "note_webhook",
            [keys.webhook(taken.id), keys.webhooks],
            [
                taken.id,
                taken.attempt,
                "" if status is None else status,
                error or "",
                "" if wait_ms is None else wait_ms,
                patience_ms,
            ],
        )
        return DeliveryState(state.decode()) if state else None


_FIELDS = (b"url", b"owner", b"created_at", b"state", b"attempts", b"status", b"error", b"tried_at")


def _delivery(name: str, row: list[bytes | None], next_try: bytes | None) -> Delivery:
    url, owner, created_at, state, attempts, status, error, tried_at = (
        None if value is None else value.decode() for value in row
    )
    return Delivery(
        id=name,
        job=_job_of(name),
        owner=owner or "",
        url=url or "",
        state=DeliveryState(state or DeliveryState.WAITING),
        attempts=int(attempts or 0),
        status=int(status) if status else None,
        error=error or None,
        created_at=int(created_at or 0),
        tried_at=int(tried_at) if tried_at else None,
        next_try=int(float(next_try)) if next_try is not None else None,
    )


def _taken(delivery: bytes, url: bytes, record: bytes, receiver: bytes, attempt: bytes, spent: bytes) -> Taken:
    name = delivery.decode()
    return Taken(
        id=name,
        job=_job_of(name),
        url=url.decode(),
        body=json_of(record),
        receiver=receiver.decode(),
        attempt=int(attempt),
        tries=int(attempt) - int(spent),
    )


def _job_of(delivery: str) -> JobId:
    return JobId(delivery.rpartition(":")[0])


def host_of(url: str) -> str:
    """The host in a URL, which is all of it that may stand in a log."""
    return urlsplit(url).hostname or ""
