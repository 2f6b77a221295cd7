import asyncio
import json
from typing import Any

import pytest
from redis.asyncio import Redis

from storage.commands import PooledCommands
from storage.jobs import DELIVERY_KEEP_MS, JobStore
from storage.keys import Keys
from storage.records.encoding import decode, json_of
from storage.stored import StoredWithInput
from storage.webhooks import WINDOW, Delivery, DeliveryState, Taken, WebhookStore
from tests.support.job_states import JobStates

URL = "https://Site.example:8443/hook?secret=1"
LEASE_MS = 3_600_000
DAY_MS = 86_400_000


@pytest.fixture
def webhooks(redis: Redis, keys: Keys) -> WebhookStore:
    return WebhookStore(PooledCommands(redis), keys)


async def take(webhooks: WebhookStore, *, most: int = 100, per_receiver: int = 100, **more: Any) -> list[Taken]:
    given = {"under_way": {}, "lease_ms": LEASE_MS, **more}
    return await webhooks.take(most=most, per_receiver=per_receiver, **given)


async def note(
    webhooks: WebhookStore,
    taken: Taken,
    error: str | None = None,
    *,
    status: int | None = 200,
    wait_ms: int | None = None,
    patience_ms: int = DAY_MS,
) -> DeliveryState | None:
    return await webhooks.note(taken, status=status, error=error, wait_ms=wait_ms, patience_ms=patience_ms)


async def only(webhooks: WebhookStore) -> Delivery:
    [delivery] = await webhooks.listed(limit=10)
    return delivery


async def run_out(redis: Redis, keys: Keys, delivery: str) -> None:
    """Its worker's lease, or the time that it waits."""
    await redis.zadd(keys.webhooks, {delivery: 1})


def version(stored: StoredWithInput) -> int:
    return stored.job.version


async def test_the_step_that_ends_a_job_makes_its_delivery(webhooks: WebhookStore, jobs: JobStates) -> None:
    ended = [await jobs.succeeded(webhook=URL), await jobs.failed(webhook=URL), await jobs.canceled(webhook=URL)]

    taken = await take(webhooks)

    assert {each.id for each in taken} == {f"{stored.id}:{version(stored)}" for stored in ended}
    by_job = {each.job: each for each in taken}
    for stored in ended:
        assert stored.record is not None
        assert by_job[stored.id].body == json_of(stored.record)
        assert by_job[stored.id].url == URL
        assert (by_job[stored.id].attempt, by_job[stored.id].tries) == (1, 1)


async def test_a_job_that_is_not_final_and_one_without_a_webhook_have_none(
    webhooks: WebhookStore, jobs: JobStates
) -> None:
    await jobs.processing(webhook=URL)
    await jobs.succeeded()

    assert await take(webhooks) == []
    assert await webhooks.listed(limit=10) == []


async def test_each_final_state_of_a_job_has_a_delivery_of_its_own(
    webhooks: WebhookStore, jobs: JobStates, store: JobStore
) -> None:
    failed = await jobs.failed(webhook=URL)
    await store.retry(failed.id)
    await store.cancel(failed.id)

    statuses = [json.loads(taken.body)["status"] for taken in await take(webhooks)]

    assert sorted(statuses) == ["canceled", "failed"]


async def test_what_is_taken_is_one_workers_alone(webhooks: WebhookStore, jobs: JobStates) -> None:
    for _ in range(30):
        await jobs.canceled(webhook=URL)

    answers = await asyncio.gather(*(take(webhooks, most=7) for _ in range(6)))

    taken = [each.id for answer in answers for each in answer]
    assert len(taken) == len(set(taken)) == 30
    assert max(len(answer) for answer in answers) == 7


async def test_a_delivery_whose_worker_died_is_due_again_under_the_same_name(
    webhooks: WebhookStore, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    await jobs.canceled(webhook=URL)
    [first] = await take(webhooks)
    await run_out(redis, keys, first.id)

    [second] = await take(webhooks)

    assert (second.id, second.body, second.attempt) == (first.id, first.body, 2)


async def test_only_the_note_of_the_last_attempt_counts(
    webhooks: WebhookStore, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    await jobs.canceled(webhook=URL)
    [late] = await take(webhooks)
    await run_out(redis, keys, late.id)
    [last] = await take(webhooks)

    assert await note(webhooks, late, "it answered 410", status=410) is None
    assert (await only(webhooks)).status is None
    assert await note(webhooks, last) is DeliveryState.DELIVERED
    assert await note(webhooks, late, "it answered 500", status=500, wait_ms=0) is None
    assert (await only(webhooks)).state is DeliveryState.DELIVERED


async def test_what_is_delivered_is_not_due_and_still_listed(webhooks: WebhookStore, jobs: JobStates) -> None:
    stored = await jobs.canceled(webhook=URL)
    waiting = await only(webhooks)
    [taken] = await take(webhooks)
    under_way = await only(webhooks)
    await note(webhooks, taken)
    delivered = await only(webhooks)

    assert (waiting.job, waiting.owner, waiting.url, waiting.host) == (stored.id, "ann", URL, "site.example")
    assert (waiting.state, waiting.attempts, waiting.status, waiting.tried_at) == (DeliveryState.WAITING, 0, None, None)
    assert waiting.next_try == waiting.created_at
    assert under_way.tried_at is not None
    assert under_way.next_try == under_way.tried_at + LEASE_MS
    assert (delivered.state, delivered.attempts, delivered.status, delivered.error) == ("delivered", 1, 200, None)
    assert delivered.next_try is None
    assert await take(webhooks) == []


async def test_what_has_failed_is_due_again_after_its_pause(
    webhooks: WebhookStore, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    await jobs.canceled(webhook=URL)
    [taken] = await take(webhooks)

    assert await note(webhooks, taken, "it answered 500", status=500, wait_ms=60_000) is DeliveryState.WAITING

    delivery = await only(webhooks)
    assert (delivery.state, delivery.status, delivery.error) == (DeliveryState.WAITING, 500, "it answered 500")
    assert delivery.next_try is not None
    assert delivery.tried_at is not None
    assert delivery.next_try - delivery.tried_at >= 60_000
    assert await take(webhooks) == []
    await run_out(redis, keys, taken.id)
    assert [again.tries for again in await take(webhooks)] == [2]


@pytest.mark.parametrize(("wait_ms", "patience_ms"), [(None, DAY_MS), (1_001, 1_000), (DAY_MS + 1, DAY_MS)])
async def test_what_is_not_to_be_tried_again_or_too_late_is_given_up(
    webhooks: WebhookStore, jobs: JobStates, wait_ms: int | None, patience_ms: int
) -> None:
    await jobs.canceled(webhook=URL)
    [taken] = await take(webhooks)

    state = await note(webhooks, taken, "it did not answer", status=None, wait_ms=wait_ms, patience_ms=patience_ms)

    assert state is DeliveryState.GIVEN_UP
    delivery = await only(webhooks)
    assert (delivery.state, delivery.status, delivery.next_try) == (DeliveryState.GIVEN_UP, None, None)
    assert delivery.error == "it did not answer"


@pytest.mark.parametrize("error", [None, "it answered 410"])
async def test_an_operator_may_have_it_sent_again_whatever_became_of_it(
    webhooks: WebhookStore, jobs: JobStates, redis: Redis, keys: Keys, error: str | None
) -> None:
    await jobs.canceled(webhook=URL)
    [taken] = await take(webhooks)
    await note(webhooks, taken, error)
    await redis.hset(keys.webhook(taken.id), "created_at", "1")  # type: ignore[misc]
    await redis.pexpire(keys.webhook(taken.id), 10_000)

    assert await webhooks.again(taken.id)

    assert (await only(webhooks)).state is DeliveryState.WAITING
    assert await redis.pttl(keys.webhook(taken.id)) > 10_000
    [once_more] = await take(webhooks)
    assert (once_more.id, once_more.attempt, once_more.tries) == (taken.id, 2, 1)
    assert await note(webhooks, once_more, "it answered 500", wait_ms=60_000) is DeliveryState.WAITING


async def test_one_that_is_not_known_cannot_be_sent_again(webhooks: WebhookStore, redis: Redis, keys: Keys) -> None:
    assert not await webhooks.again("nobody:1")
    assert await redis.zcard(keys.webhooks) == 0


async def test_a_busy_receiver_gets_no_more_and_others_go_before(webhooks: WebhookStore, jobs: JobStates) -> None:
    for _ in range(5):
        await jobs.canceled(webhook="https://busy.example/")
    await jobs.canceled(webhook="https://BUSY.example/other/path")
    other = await jobs.canceled(webhook="https://other.example/")

    taken = await take(webhooks, most=4, per_receiver=2, under_way={"busy.example": 1})

    assert [each.receiver for each in taken] == ["busy.example", "other.example"]
    assert taken[1].job == other.id
    assert await take(webhooks, per_receiver=2, under_way={"busy.example": 2}) == []


async def test_receivers_behind_a_great_many_for_a_busy_one_are_found(
    webhooks: WebhookStore, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(WINDOW):
            pipe.hset(keys.webhook(f"job:{number:04}"), mapping={"url": "https://busy.example/"})
            pipe.zadd(keys.webhooks, {f"job:{number:04}": number})
        await pipe.execute()
    other = await jobs.canceled(webhook="https://other.example/")
    busy = {"busy.example": 1}

    assert await take(webhooks, per_receiver=1, under_way=busy) == []
    assert [taken.job for taken in await take(webhooks, per_receiver=1, under_way=busy)] == [other.id]
    assert [id_.decode() for id_ in await redis.zrange(keys.webhooks, 0, 1)] == ["job:0000", "job:0001"]


async def test_what_is_no_longer_known_leaves_queue_and_list(
    webhooks: WebhookStore, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    await jobs.canceled(webhook=URL)
    delivery = await only(webhooks)
    assert DELIVERY_KEEP_MS - 60_000 < await redis.pttl(keys.webhook(delivery.id)) <= DELIVERY_KEEP_MS
    await redis.delete(keys.webhook(delivery.id))
    await redis.zadd(keys.deliveries, {delivery.id: delivery.created_at - DELIVERY_KEEP_MS - 60_000})

    assert await webhooks.listed(limit=10) == []
    assert await take(webhooks) == []
    assert await redis.exists(keys.webhooks, keys.deliveries) == 0


async def test_the_newest_are_listed_first_and_no_more_than_asked_for(
    webhooks: WebhookStore, jobs: JobStates, redis: Redis, keys: Keys
) -> None:
    ended = [await jobs.canceled(webhook=URL) for _ in range(3)]
    for age, delivery in enumerate(sorted(await webhooks.listed(limit=10), key=lambda each: each.id)):
        await redis.zincrby(keys.deliveries, -1_000.0 * age, delivery.id)
    oldest = (await webhooks.listed(limit=10))[-1]

    assert [each.id for each in await webhooks.listed(limit=2)] == sorted(f"{s.id}:{version(s)}" for s in ended)[:2]
    await webhooks.again(oldest.id)
    assert (await webhooks.listed(limit=1))[0].id == oldest.id


async def test_a_job_that_is_removed_takes_its_deliveries_with_it(
    webhooks: WebhookStore, jobs: JobStates, store: JobStore, redis: Redis, keys: Keys
) -> None:
    stored = await jobs.failed(webhook=URL)
    [under_way] = await take(webhooks)
    await store.retry(stored.id)
    await store.cancel(stored.id)

    await store.remove(stored.id)

    assert await webhooks.listed(limit=10) == []
    assert await take(webhooks) == []
    assert await note(webhooks, under_way, "it answered 500", wait_ms=0) is None
    assert [key async for key in redis.scan_iter(f"{keys.prefix}webhook*")] == []


async def test_what_is_delivered_outlives_the_record_of_its_job(
    webhooks: WebhookStore, jobs: JobStates, store: JobStore, redis: Redis, keys: Keys
) -> None:
    stored = await jobs.canceled(webhook=URL)
    await redis.zadd(keys.expiring, {stored.id: 1})
    await store.sweep(lease_ms=10_000, patience_ms=DAY_MS, offset=0, batch=10)

    [taken] = await take(webhooks)

    assert stored.record is not None
    assert (await jobs.get(stored.id)).expired
    assert json.loads(taken.body)["status"] == decode(stored.record).status
