"""Delivers webhooks: takes what is due, sends it, and notes what came of it."""

import asyncio
import contextlib
import functools
import random
from collections import Counter

from jobs.persistence import persistently
from jobs.webhooks.schedule import DAY, Answer, Schedule
from jobs.webhooks.sender import Sender
from storage.errors import StoreUnavailable
from storage.logs import Event, log, log_error, warn
from storage.tasks import end, unbroken
from storage.webhooks import DeliveryState, Taken, WebhookStore, host_of

POLL_SECONDS = 0.5
SHARE = 4
"""Of the places of a worker one receiver gets at most this part: a slow one does not hold up the others."""
LEASES = 3
"""A delivery whose worker died is due again after so many times the time that an attempt may take."""

STOPPED = Answer(fault="the worker was stopped meanwhile")
FAULTY = Answer(fault="a fault of ours, which is in the log")


class WebhookDeliverer:
    """Delivers until cancelled; any number of workers may. Each delivery is sent at least once, and by one at a time.

    `seconds` is how long an attempt of `sender` may take.
    """

    def __init__(
        self,
        store: WebhookStore,
        sender: Sender,
        *,
        at_once: int,
        seconds: float,
        schedule: Schedule = DAY,
        every: float = POLL_SECONDS,
    ) -> None:
        self._store = store
        self._sender = sender
        self._at_once = at_once
        self._per_receiver = max(1, at_once // SHARE)
        self._lease_ms = int(LEASES * seconds * 1000)
        self._schedule = schedule
        self._every = every
        self._under_way: Counter[str] = Counter()
        self._attempts: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    async def serve(self) -> None:
        try:
            while True:
                self._woken.clear()
                try:
                    await self._begin()
                except StoreUnavailable:
                    pass
                except Exception as error:
                    log_error(Event.CRASHED, exception=error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._every * random.uniform(0.9, 1.1))
        finally:
            await unbroken(end(*self._attempts))

    async def _begin(self) -> None:
        room = self._at_once - len(self._attempts)
        if room <= 0:
            return
        # Not to be broken off: what was taken by then would be nobody's until its lease runs out.
        for taken in await unbroken(self._take(room)):
            self._under_way[taken.receiver] += 1
            attempt = asyncio.create_task(self._attempt(taken), name=f"webhook {taken.id}")
            self._attempts.add(attempt)
            attempt.add_done_callback(functools.partial(self._ended, taken.receiver))

    async def _take(self, room: int) -> list[Taken]:
        return await self._store.take(
            most=room, per_receiver=self._per_receiver, under_way=self._under_way, lease_ms=self._lease_ms
        )

    def _ended(self, receiver: str, attempt: "asyncio.Task[None]") -> None:
        self._attempts.discard(attempt)
        self._under_way -= Counter([receiver])
        self._woken.set()

    async def _attempt(self, taken: Taken) -> None:
        try:
            answer = await self._sender.send(taken.id, taken.url, taken.body)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreUnavailable):
                await unbroken(self._note(taken, STOPPED, pause=0.0))
            raise
        except Exception as error:
            log_error(Event.CRASHED, job=taken.job, exception=error)
            answer = FAULTY
        pause = self._schedule.pause(answer, taken.tries) if answer.error is not None else None
        await persistently(lambda: unbroken(self._note(taken, answer, pause=pause)))

    async def _note(self, taken: Taken, answer: Answer, *, pause: float | None) -> None:
        state = await self._store.note(
            taken,
            status=answer.status,
            error=answer.error,
            wait_ms=None if pause is None else int(pause * 1000),
            patience_ms=int(self._schedule.patience * 1000),
        )
        host = host_of(taken.url)
        match state:
            case DeliveryState.DELIVERED:
                log(Event.WEBHOOK_DELIVERED, job=taken.job, host=host, attempt=taken.attempt)
            case DeliveryState.WAITING:
                warn(Event.WEBHOOK_FAILED, job=taken.job, host=host, attempt=taken.attempt, reason=answer.error)
            case DeliveryState.GIVEN_UP:
                warn(Event.WEBHOOK_GIVEN_UP, job=taken.job, host=host, attempt=taken.attempt, reason=answer.error)
