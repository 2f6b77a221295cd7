"""Which of those who wait may run: within what may run at once, and not with a provider that is paused."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from storage.jobs import JobStore
from storage.keys import Keys
from storage.queues import Queues
from storage.records.job import Job
from storage.stored import Fenced, Most, Stored, StoredWithInput
from tests.support.job_states import ERROR, LEASE_MS, NOON, PICTURE, JobStates, done, running
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)

UNBOUNDED = Most()
Ready = Callable[..., Awaitable[list[StoredWithInput]]]


@pytest.fixture
def ready(queues: Queues, keys: Keys, redis: Redis) -> Ready:
    """Who may run of all that wait for a kind."""

    async def ready(
        kind: str = "portrait", *, provider: str = "painter", first: int = 10, most: Most = UNBOUNDED
    ) -> list[StoredWithInput]:
        entries = await redis.zrange(keys.queue(kind), 0, -1)
        return await queues.ready(kind, provider, entries, first=first, most=most)

    return ready


def ids(found: list[StoredWithInput]) -> list[str]:
    return [stored.id for stored in found]


async def claim(store: JobStore, waiting: list[StoredWithInput], most: Most, *, worker: str = "w") -> list[Job | None]:
    begun = [(stored, running(stored.job)) for stored in waiting]
    return await store.claim(begun, lease_ms=LEASE_MS, worker=worker, most=most)


async def test_the_first_that_wait_are_given_with_all_that_a_run_needs(
    store: JobStore, jobs: JobStates, ready: Ready
) -> None:
    first = await jobs.failed(input=b'{"seed":7}')
    await store.retry(first.id)
    await jobs.queued(owner="bob")
    await jobs.queued(owner="bob")
    held = await jobs.claimed(await jobs.get(first.id))
    await store.keep_task(held.id, held.claim, b"their id", lease_ms=LEASE_MS)
    held = await jobs.get(first.id)
    await store.requeue(held, held.job.requeued("handed back"))

    found = await ready(first=2)

    assert len(found) == 2
    assert found[0] == await jobs.get(first.id)
    assert (found[0].input, found[0].spent, found[0].task) == (b'{"seed":7}', 1, b"their id")


async def test_to_look_claims_nothing(jobs: JobStates, ready: Ready, keys: Keys, redis: Redis) -> None:
    stored = await jobs.queued()

    assert ids(await ready()) == ids(await ready()) == [stored.id]
    assert await jobs.get(stored.id) == stored
    assert not await redis.exists(keys.blocked)


@pytest.mark.parametrize("stale", ["0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55:1", "no entry at all"])
async def test_an_entry_that_stands_for_no_job_is_taken_away_and_hides_no_other(
    jobs: JobStates, ready: Ready, keys: Keys, redis: Redis, stale: str
) -> None:
    stored = await jobs.queued()
    await redis.zadd(keys.queue("portrait"), {stale: 1, f"{stored.id}:1": 2})

    assert ids(await ready(first=1)) == [stored.id]
    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [f"{stored.id}:{stored.claim.decode()}".encode()]


async def test_a_key_that_is_no_job_hides_no_other(jobs: JobStates, ready: Ready, keys: Keys, redis: Redis) -> None:
    broken, stored = await jobs.queued(owner="ann"), await jobs.queued(owner="bob")
    await redis.set(keys.job(broken.id), "no hash")

    assert ids(await ready()) == [stored.id]


async def test_of_nothing_nothing_is_ready(queues: Queues) -> None:
    assert await queues.ready("portrait", "painter", [], first=1, most=Most()) == []


async def test_no_more_run_of_a_kind_than_may(jobs: JobStates, ready: Ready) -> None:
    waiting = [(await jobs.queued()).id for _ in range(3)]
    await jobs.processing()
    await jobs.processing(kind="video")

    assert ids(await ready(most=Most(kind=3))) == waiting[:2]
    assert await ready(most=Most(kind=1)) == []
    assert ids(await ready(most=Most(kind=3), first=1)) == waiting[:1]


async def test_no_more_run_with_a_provider_than_may_whatever_their_kind(jobs: JobStates, ready: Ready) -> None:
    waiting = [(await jobs.queued()).id for _ in range(3)]
    await jobs.processing(kind="video")

    assert ids(await ready(most=Most(provider=2))) == waiting[:1]
    assert await ready(most=Most(provider=1)) == []
    assert ids(await ready(provider="another", most=Most(provider=2))) == waiting[:2]


async def test_no_more_run_of_one_owner_than_may_and_others_pass_by(jobs: JobStates, ready: Ready) -> None:
    anns = [(await jobs.queued(owner="ann")).id for _ in range(3)]
    bobs = [(await jobs.queued(owner="bob")).id for _ in range(2)]
    await jobs.processing(owner="bob", kind="video")

    assert ids(await ready(most=Most(owner=2))) == [anns[0], bobs[0], anns[1]]


@pytest.mark.parametrize("most", [Most(kind=2), Most(provider=2), Most(owner=2)], ids=["kind", "provider", "owner"])
async def test_of_several_who_found_the_same_place_free_one_gets_it(
    store: JobStore, jobs: JobStates, ready: Ready, keys: Keys, redis: Redis, most: Most
) -> None:
    for _ in range(6):
        await jobs.queued()
    found = [await ready(first=2, most=most) for _ in range(2)] + [(await ready(first=4))[2:]]

    begun = await asyncio.gather(
        *(claim(store, waiting, most, worker=f"worker {number}") for number, waiting in enumerate(found))
    )

    assert sum(job is not None for claimed in begun for job in claimed) == 2
    assert await redis.zcard(keys.queue("portrait")) == 4
    # Those who came too late are woken when there is a place.
    assert await redis.smembers(keys.blocked) == {b"portrait"}  # type: ignore[misc]


async def succeed(store: JobStore, held: Stored) -> None:
    await store.advance(done(held.job), held.claim, PICTURE)


async def fail(store: JobStore, held: Stored) -> None:
    await store.advance(held.job.failed(ERROR, NOON, NOON), held.claim)


async def hand_back(store: JobStore, held: Stored) -> None:
    await store.requeue(held, held.job.requeued("handed back"))


async def wait_a_while(store: JobStore, held: Stored) -> None:
    await store.requeue(held, held.job.requeued("waiting", counts=False), delay_ms=60_000)


async def cancel(store: JobStore, held: Stored) -> None:
    await store.cancel(held.id)


async def give_up(store: JobStore, held: Stored) -> None:
    await store.end(held, held.job.failed(ERROR, NOON, NOON))


ENDS = [succeed, fail, hand_back, wait_a_while, cancel, give_up]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("most", [Most(kind=1), Most(provider=1), Most(owner=1)], ids=["kind", "provider", "owner"])
async def test_a_place_is_free_again_however_its_run_has_ended_and_the_kinds_that_waited_for_it_are_woken(
    store: JobStore,
    jobs: JobStates,
    ready: Ready,
    keys: Keys,
    redis: Redis,
    listener: Listener,
    end: Callable[[JobStore, Stored], Awaitable[None]],
    most: Most,
) -> None:
    held = await jobs.processing()
    await jobs.queued()
    assert await ready(most=most) == []
    await listener.subscribe(keys.wake("portrait"))

    await end(store, held)

    assert await listener.message() == b""
    assert not await redis.exists(keys.blocked)
    assert [key async for key in redis.scan_iter(f"{keys.prefix}running:*")] == []
    assert len(await ready(most=most)) == 1


async def test_nobody_is_woken_where_nobody_waits_for_a_place(
    store: JobStore, jobs: JobStates, ready: Ready, keys: Keys, listener: Listener
) -> None:
    held = await jobs.processing()
    await jobs.queued()
    assert len(await ready(most=Most(2, 2, 2), first=1)) == 1
    await listener.subscribe(keys.wake("portrait"))
    await listener.subscribe(keys.job(held.id))

    await succeed(store, held)

    assert (await listener.job()).final
    assert listener.messages.empty()


async def test_a_write_of_an_old_run_frees_no_place(store: JobStore, jobs: JobStates, keys: Keys, redis: Redis) -> None:
    old = await jobs.processing()
    await hand_back(store, old)
    await jobs.claimed(await jobs.get(old.id))

    for end in (succeed, fail, hand_back, give_up):
        with pytest.raises(Fenced):
            await end(store, old)

    for name in (keys.running_kind("portrait"), keys.running_provider("painter"), keys.running_owner("ann")):
        assert await redis.smembers(name) == {old.id.encode()}  # type: ignore[misc]


async def test_nothing_begins_with_a_paused_provider_and_all_else_goes_on(
    store: JobStore, jobs: JobStates, ready: Ready, keys: Keys, redis: Redis
) -> None:
    await jobs.queued()
    held = await jobs.processing()
    found = await ready()
    await redis.sadd(keys.paused, "painter")  # type: ignore[misc]

    assert await ready() == []
    assert await claim(store, found, Most()) == [None]
    assert len(await ready(provider="another")) == 1
    await succeed(store, held)

    await redis.srem(keys.paused, "painter")  # type: ignore[misc]
    assert await claim(store, await ready(), Most()) != [None]


async def test_it_is_told_how_many_wait_and_how_many_run(queues: Queues, jobs: JobStates) -> None:
    for state in (jobs.queued, jobs.queued, jobs.processing, jobs.succeeded):
        await state()
    await jobs.queued(kind="video")

    assert await queues.counts("portrait") == (2, 1)
    assert await queues.counts("video") == (1, 0)
