"""What a job's end leaves, and what it does not leave: lists, messages, deliveries."""

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.stored import Fenced, Stored
from tests.support.job_states import ERROR, NOON, PICTURE, JobStates, done, further
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)

HOOK = "https://hooks.example/limner"


async def failed_ids(store: JobStore) -> list[str]:
    return [stored.id for stored in await store.failed(limit=10)]


async def test_failed_jobs_are_listed_those_that_failed_last_before(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    failed = [(await jobs.failed(owner=owner)).id for owner in ("ann", "bob", "cid")]
    for at, job_id in enumerate(failed):  # they may have failed in one millisecond
        await redis.zadd(keys.failed, {job_id: at}, xx=True)
    await jobs.succeeded()
    await jobs.canceled()

    assert await failed_ids(store) == failed[::-1]
    assert [stored.id for stored in await store.failed(limit=1)] == failed[-1:]


@pytest.mark.parametrize("how", ["retry", "remove", "expire"])
async def test_a_failed_job_that_is_tried_again_or_no_longer_kept_is_listed_no_more(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, how: str
) -> None:
    stored = await jobs.failed()
    if how == "expire":
        await redis.hset(keys.job(stored.id), "kept_until", "1")  # type: ignore[misc]
        assert await failed_ids(store) == []
        await redis.zadd(keys.expiring, {stored.id: 1})
        await store.sweep(lease_ms=10_000, patience_ms=10_000, offset=0, batch=10)
    else:
        await getattr(store, how)(stored.id)

    assert await failed_ids(store) == []
    assert not await redis.exists(keys.failed)


async def test_a_job_that_fails_again_is_listed_again(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.failed()
    await store.retry(stored.id)
    held = await jobs.claimed(await jobs.get(stored.id))
    await store.end(held, held.job.failed(ERROR, NOON, NOON))

    assert await failed_ids(store) == [stored.id]


async def test_what_is_unfinished_of_everybody_is_listed_as_it_came(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    ids = [(await jobs.queued()).id, (await jobs.processing(owner="bob")).id, (await jobs.queued(kind="video")).id]
    await jobs.failed()

    assert [stored.id for stored in await store.unfinished(limit=10)] == ids
    assert [stored.id for stored in await store.unfinished(limit=1)] == ids[:1]


async def unfinished(keys: Keys, redis: Redis) -> set[bytes]:
    return set(await redis.smembers(keys.unfinished("portrait", "ann")))  # type: ignore[misc]


@pytest.mark.parametrize("end", ["succeeded", "failed", "canceled"])
async def test_a_job_counts_as_its_owners_until_it_has_ended_and_from_when_it_is_tried_again(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, end: str
) -> None:
    stored = await jobs.processing()
    await jobs.queued(owner="bob")
    await store.requeue(stored, stored.job.requeued("handed back"))
    assert await unfinished(keys, redis) == {stored.id.encode()}

    ended = await getattr(jobs, end)()
    assert await unfinished(keys, redis) == {stored.id.encode()}
    if end != "succeeded":
        await store.retry(ended.id)
        assert await unfinished(keys, redis) == {stored.id.encode(), ended.id.encode()}


async def cancel(store: JobStore, held: Stored) -> None:
    await store.cancel(held.id)


async def give_up(store: JobStore, held: Stored) -> None:
    await store.end(held, held.job.failed(ERROR, NOON, NOON))


@pytest.mark.parametrize("end", [cancel, give_up])
@pytest.mark.parametrize("state", ["queued", "processing"])
async def test_whoever_runs_a_job_is_told_that_it_was_ended_from_outside(
    store: JobStore,
    jobs: JobStates,
    keys: Keys,
    listener: Listener,
    state: str,
    end: Callable[[JobStore, Stored], Awaitable[None]],
) -> None:
    held = await getattr(jobs, state)()
    await listener.subscribe(keys.stopped)

    await end(store, held)

    assert await listener.message() == f"{held.id}:{held.claim.decode()}".encode()


async def test_nobody_is_told_so_of_an_end_of_its_own_and_of_what_goes_on(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, listener: Listener
) -> None:
    await listener.subscribe(keys.stopped)
    waiting = await jobs.queued()
    await store.place(waiting, waiting.job.placed(1, expected_at=None))
    held = await jobs.claimed(await jobs.get(waiting.id))
    await store.advance(further(held.job, 0.5), held.claim)
    held = await jobs.get(held.id)
    await store.requeue(held, held.job.requeued("handed back"))
    held = await jobs.claimed(await jobs.get(held.id))
    await store.advance(done(held.job), held.claim, PICTURE)
    await redis.publish(keys.stopped, "after all")

    assert await listener.message() == b"after all"


async def succeeded(store: JobStore, held: Stored) -> None:
    await store.advance(done(held.job), held.claim, PICTURE)


async def failed(store: JobStore, held: Stored) -> None:
    await store.advance(held.job.failed(ERROR, NOON, NOON), held.claim)


async def deliveries(keys: Keys, redis: Redis) -> list[bytes]:
    return list(await redis.zrange(keys.webhooks, 0, -1))


@pytest.mark.parametrize("end", [succeeded, failed, cancel, give_up])
async def test_the_step_that_ends_a_job_with_a_webhook_makes_its_delivery(
    store: JobStore,
    jobs: JobStates,
    keys: Keys,
    redis: Redis,
    listener: Listener,
    end: Callable[[JobStore, Stored], Awaitable[None]],
) -> None:
    held = await jobs.processing(webhook=HOOK)
    await store.advance(further(held.job, 0.5), held.claim)
    held = await jobs.get(held.id)
    assert await deliveries(keys, redis) == []
    # A transaction of Redis tells nothing between its steps: what is published is there by then, or not at all.
    await listener.subscribe(keys.job(held.id))

    await end(store, held)
    record = await listener.message()

    name = f"{held.id}:{record[:16].decode()}"
    assert await deliveries(keys, redis) == [name.encode()]
    delivery = await redis.hgetall(keys.webhook(name))  # type: ignore[misc]
    assert (delivery[b"url"], delivery[b"owner"], delivery[b"record"]) == (HOOK.encode(), b"ann", record)
    assert await redis.zscore(keys.webhooks, name) == float(delivery[b"created_at"])
    assert float(delivery[b"created_at"]) <= (await redis.time())[0] * 1000 + 1000
    assert 86_400 < await redis.ttl(keys.webhook(name)) <= 2 * 86_400


async def test_a_write_that_does_not_count_makes_no_delivery(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    old = await jobs.processing(webhook=HOOK)
    await store.requeue(old, old.job.requeued("the worker was lost"))

    for end in (succeeded, failed, give_up):
        with pytest.raises(Fenced):
            await end(store, old)

    assert await deliveries(keys, redis) == []


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
async def test_what_has_ended_leaves_its_record_and_no_trace_of_its_run(
    jobs: JobStates, keys: Keys, redis: Redis, state: str
) -> None:
    stored = await getattr(jobs, state)(subject="alice")

    left = {key.decode() async for key in redis.scan_iter(f"{keys.prefix}*")}
    of_its_end = {"succeeded": {keys.portrait(stored.id)}, "failed": {keys.failed}, "canceled": set()}[state]
    assert left == {keys.job(stored.id), keys.owner("ann"), keys.expiring, *of_its_end}
    assert not {b"running", b"worker"} & set(await redis.hkeys(keys.job(stored.id)))  # type: ignore[misc]


@pytest.mark.parametrize(("kind", "kept"), [("upload", b""), ("portrait", b'{"seed":1}')])
async def test_a_picture_that_was_uploaded_is_not_kept_a_second_time(jobs: JobStates, kind: str, kept: bytes) -> None:
    assert (await jobs.succeeded(kind=kind)).input == kept
    assert (await jobs.failed(kind=kind)).input == b'{"seed":1}'
