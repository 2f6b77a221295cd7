import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from jobs.webhooks.addresses import Refused
from jobs.webhooks.deliverer import WebhookDeliverer
from jobs.webhooks.schedule import Answer, Schedule
from jobs.webhooks.sender import Sender
from storage.commands import PooledCommands
from storage.connect import connect
from storage.keys import Keys
from storage.tasks import end
from storage.webhooks import Delivery, DeliveryState, WebhookStore
from tests.support.job_states import JobStates
from tests.support.limner import Worker
from tests.support.line import line_to
from tests.support.listening import eventually
from tests.support.receiver import DEADLINE_SECONDS, SECRET, Receiver, hangs, says

pytestmark = pytest.mark.timeout(60)

OFTEN = 0.01
QUICK = Schedule(first=0.01, longest=0.02)

Delivering = Callable[..., AbstractAsyncContextManager["asyncio.Task[None]"]]


@pytest.fixture
def webhooks(redis: Redis, keys: Keys) -> WebhookStore:
    return WebhookStore(PooledCommands(redis), keys)


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with Sender([SecretStr(SECRET)], seconds=DEADLINE_SECONDS, private=True) as sender:
        yield sender


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def delivering(webhooks: WebhookStore, sender: Sender) -> Delivering:
    """A worker's deliverer at work, for as long as the block lasts."""

    @asynccontextmanager
    async def delivering(
        schedule: Schedule = QUICK, *, at_once: int = 8, by: Sender = sender, store: WebhookStore = webhooks
    ) -> AsyncIterator["asyncio.Task[None]"]:
        deliverer = WebhookDeliverer(
            store, by, at_once=at_once, seconds=DEADLINE_SECONDS, schedule=schedule, every=OFTEN
        )
        serving = asyncio.create_task(deliverer.serve())
        try:
            yield serving
        finally:
            await end(serving)

    return delivering


async def until(webhooks: WebhookStore, state: DeliveryState) -> Delivery:
    """The only delivery, once it is so."""

    async def reached() -> bool:
        return [delivery.state for delivery in await webhooks.listed(limit=2)] == [state]

    await eventually(reached)
    [delivery] = await webhooks.listed(limit=2)
    return delivery


async def test_a_final_state_is_posted_and_its_delivery_noted(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates, logs: list[MutableMapping[str, Any]]
) -> None:
    async with Receiver() as receiver, delivering():
        stored = await jobs.succeeded(webhook=receiver.url)
        received = await receiver.next()
        delivery = await until(webhooks, DeliveryState.DELIVERED)

    assert received.verified() == stored.job.model_dump(mode="json")
    assert received.id == delivery.id == f"{stored.id}:{stored.job.version}"
    assert (delivery.status, delivery.attempts) == (204, 1)
    assert len(receiver.requests) == 1
    [line] = [line for line in logs if line["event"] == "webhook delivered"]
    assert (line["job"], line["host"]) == (stored.id[:8], "127.0.0.1")


async def test_what_fails_is_sent_again_under_the_same_id_until_it_is_taken(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates, logs: list[MutableMapping[str, Any]]
) -> None:
    async with Receiver(says(500), says(302), says(429), says(200)) as receiver, delivering():
        await jobs.canceled(webhook=receiver.url)
        delivery = await until(webhooks, DeliveryState.DELIVERED)

    assert [received.id for received in receiver.requests] == [delivery.id] * 4
    assert [received.verified()["status"] for received in receiver.requests] == ["canceled"] * 4
    assert (delivery.attempts, delivery.status, delivery.error) == (4, 200, None)
    assert [line["reason"] for line in logs if line["event"] == "webhook failed"] == [
        "it answered 500",
        "it answered 302, and redirections are not followed",
        "it answered 429",
    ]


async def test_a_receiver_that_is_gone_is_asked_once(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates
) -> None:
    async with Receiver(says(410)) as receiver, delivering():
        await jobs.canceled(webhook=receiver.url)
        delivery = await until(webhooks, DeliveryState.GIVEN_UP)

    assert (delivery.status, delivery.attempts, delivery.next_try) == (410, 1, None)


async def test_after_its_time_a_delivery_is_given_up(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates, logs: list[MutableMapping[str, Any]]
) -> None:
    async with Receiver(*[says(500)] * 1_000) as receiver, delivering(Schedule(0.01, 0.01, patience=0.1)):
        await jobs.canceled(webhook=receiver.url)
        delivery = await until(webhooks, DeliveryState.GIVEN_UP)

    assert delivery.error == "it answered 500"
    assert delivery.next_try is None
    assert [line["event"] for line in logs][-1] == "webhook given up"


async def test_a_receiver_that_asks_for_time_is_given_it(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates
) -> None:
    async with Receiver(says(503, retry_after="600")) as receiver, delivering(Schedule()):
        await jobs.canceled(webhook=receiver.url)

        async def noted() -> bool:
            return [delivery.status for delivery in await webhooks.listed(limit=2)] == [503]

        await eventually(noted)
    [delivery] = await webhooks.listed(limit=2)

    assert delivery.tried_at is not None
    assert delivery.next_try is not None
    assert delivery.next_try - delivery.tried_at >= 600_000


async def test_several_workers_send_each_delivery_once(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates
) -> None:
    count = 40
    async with Receiver() as receiver:
        await asyncio.gather(*(jobs.canceled(webhook=receiver.url) for _ in range(count)))
        async with delivering(), delivering(), delivering():
            received = [await receiver.next() for _ in range(count)]

            async def all_noted() -> bool:
                return {each.state for each in await webhooks.listed(limit=count)} == {DeliveryState.DELIVERED}

            await eventually(all_noted)

    assert set(Counter(each.id for each in received).values()) == {1}
    assert len(receiver.requests) == count


async def test_a_slow_receiver_does_not_hold_up_the_others(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates
) -> None:
    async with Receiver(*[hangs] * 20) as slow, Receiver() as quick:
        for _ in range(20):
            await jobs.canceled(webhook=slow.url)
        async with delivering(at_once=8):
            await slow.next()
            for _ in range(10):
                stored = await jobs.canceled(webhook=quick.url)
                assert (await quick.next()).verified()["id"] == stored.id
            assert 1 <= slow.open <= 2


async def test_a_worker_that_is_stopped_hands_back_what_it_was_sending(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates
) -> None:
    async with Receiver(hangs) as receiver:
        await jobs.canceled(webhook=receiver.url)
        async with delivering():
            first = await receiver.next()
        [handed_back] = await webhooks.listed(limit=2)
        async with delivering():
            second = await receiver.next()
            await until(webhooks, DeliveryState.DELIVERED)

    assert handed_back.error == "the worker was stopped meanwhile"
    assert handed_back.next_try is not None
    assert handed_back.tried_at is not None
    assert handed_back.next_try - handed_back.tried_at < DEADLINE_SECONDS * 1_000
    assert first.id == second.id


async def test_an_operator_has_a_delivery_sent_again(
    delivering: Delivering, webhooks: WebhookStore, jobs: JobStates
) -> None:
    async with Receiver(says(204), says(410), says(204)) as receiver, delivering():
        await jobs.canceled(webhook=receiver.url)
        for state in (DeliveryState.DELIVERED, DeliveryState.GIVEN_UP, DeliveryState.DELIVERED):
            delivery = await until(webhooks, state)
            await webhooks.again(delivery.id)
        await until(webhooks, DeliveryState.DELIVERED)

    assert [received.id for received in receiver.requests] == [delivery.id] * 4


async def test_a_fault_of_ours_costs_a_pause_and_ends_nothing(
    delivering: Delivering,
    webhooks: WebhookStore,
    jobs: JobStates,
    sender: Sender,
    logs: list[MutableMapping[str, Any]],
) -> None:
    class Faulty(Sender):
        faults = 1

        async def send(self, delivery: str, url: str, body: bytes) -> Answer:
            if self.faults:
                self.faults -= 1
                raise Refused("as nobody expects it here")
            return await sender.send(delivery, url, body)

    async with Receiver() as receiver, delivering(by=Faulty([], seconds=1, private=True)):
        await jobs.canceled(webhook=receiver.url)
        delivery = await until(webhooks, DeliveryState.DELIVERED)

    assert delivery.attempts == 2
    assert [line["event"] for line in logs][:2] == ["crashed", "webhook failed"]


async def test_deliveries_go_on_when_redis_is_back(
    redis_url: str, delivering: Delivering, webhooks: WebhookStore, jobs: JobStates, keys: Keys
) -> None:
    async with (
        Receiver() as receiver,
        line_to(redis_url) as line,
        connect(SecretStr(line.url)) as client,
        delivering(store=WebhookStore(PooledCommands(client), keys)) as serving,
    ):
        for _ in range(2):
            await jobs.canceled(webhook=receiver.url)
            await receiver.next()
            line.cut()
            await asyncio.wait([serving], timeout=0.05)
            assert not serving.done()
            line.mend()

        async def all_noted() -> bool:
            return {each.state for each in await webhooks.listed(limit=10)} == {DeliveryState.DELIVERED}

        await eventually(all_noted)


@pytest.mark.system
async def test_a_worker_killed_between_the_post_and_its_note_costs_a_repetition_under_the_same_id(
    environment: dict[str, str], webhooks: WebhookStore, jobs: JobStates
) -> None:
    given = {
        **environment,
        "LIMNER_WEBHOOK_SECRET": SECRET,
        "LIMNER_WEBHOOK_PRIVATE": "1",
        "LIMNER_WEBHOOK_SECONDS": "1",
    }
    with Worker(given) as worker:

        async def kills(writer: asyncio.StreamWriter) -> None:
            os.kill(worker.pid, signal.SIGKILL)
            await says(200)(writer)

        async with Receiver(kills) as receiver:
            stored = await jobs.canceled(webhook=receiver.url)
            first = await receiver.next()
            await asyncio.to_thread(worker.wait_for_end)
            worker.start()
            second = await receiver.next()
            delivery = await until(webhooks, DeliveryState.DELIVERED)

    assert first.id == second.id == delivery.id
    assert first.verified() == second.verified() == stored.job.model_dump(mode="json")
    assert delivery.attempts >= 2
