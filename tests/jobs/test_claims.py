from collections.abc import Sequence
from hashlib import sha1

import pytest
from redis.asyncio import Redis

from jobs.claims import Claims
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.keys import Keys
from storage.queues import Queues
from storage.records.job import Status
from storage.scripts import source
from storage.stored import Most, Stored, StoredWithInput
from tests.support.job_states import LEASE_MS, JobStates
from tests.support.work import Bench, Working, entry, far, finish

pytestmark = pytest.mark.timeout(30)


def entries(*waiting: Stored) -> list[bytes]:
    return [entry(stored.id, stored.claim) for stored in waiting]


async def test_the_first_of_those_that_wait_are_begun_and_no_more_than_there_is_room_for(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    waiting = [await jobs.queued(input=b'{"seed":%d}' % seed) for seed in range(5)]
    working = bench.working(finish)

    first = await working.begin(entries(*waiting), 2)
    rest = await working.begin(entries(*waiting), 10)

    assert [run.id for run in first + rest] == [stored.id for stored in waiting]
    assert [run.input for run in first] == [b'{"seed":0}', b'{"seed":1}']
    assert len(first) == 2
    assert {(await jobs.get(stored.id)).job.status for stored in waiting} == {Status.PROCESSING}
    assert await redis.zcard(keys.leases) == 5
    assert await redis.zcard(keys.queue("portrait")) == 0


async def test_a_run_knows_what_an_earlier_one_has_left(bench: Bench, store: JobStore, jobs: JobStates) -> None:
    lost = await jobs.processing(owner="ann")
    await store.keep_task(lost.id, lost.claim, b"task 7", lease_ms=LEASE_MS)
    await store.requeue(lost, lost.job.requeued("the worker was lost"))

    (run,) = await bench.working(finish).begin(entries(await jobs.get(lost.id)), 1)

    assert (run.task, run.attempts, run.owner) == (b"task 7", 2, "ann")


async def test_attempts_from_before_a_person_asked_do_not_count(bench: Bench, store: JobStore, jobs: JobStates) -> None:
    failed = await jobs.failed()
    await store.retry(failed.id)

    (run,) = await bench.working(finish).begin(entries(await jobs.get(failed.id)), 1)

    assert (run.job.attempt, run.attempts) == (2, 1)


@pytest.mark.parametrize("most", [Most(kind=2), Most(provider=2), Most(owner=2)], ids=["kind", "provider", "owner"])
async def test_no_more_run_at_once_than_all_workers_together_may(bench: Bench, jobs: JobStates, most: Most) -> None:
    waiting = [await jobs.queued() for _ in range(4)]
    one, other = bench.working(finish, most=most), bench.working(finish, most=most)

    begun = await one.begin(entries(*waiting), 1)
    begun += await other.begin(entries(*waiting), 3)

    assert [run.id for run in begun] == [stored.id for stored in waiting[:2]]
    assert await one.begin(entries(*waiting), 3) == []


async def test_an_owner_who_may_have_no_more_at_once_is_passed_over(bench: Bench, jobs: JobStates) -> None:
    anns, bobs = [await jobs.queued(owner="ann") for _ in range(3)], await jobs.queued(owner="bob")

    begun = await bench.working(finish, most=Most(owner=1)).begin(entries(*anns, bobs), 4)

    assert [run.id for run in begun] == [anns[0].id, bobs.id]


async def test_with_a_provider_that_is_paused_nothing_begins(
    bench: Bench, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored, working = await jobs.queued(), bench.working(finish)
    await redis.sadd(keys.paused, "painter")  # type: ignore[misc]
    assert await working.begin(entries(stored), 1) == []

    await redis.srem(keys.paused, "painter")  # type: ignore[misc]
    assert len(await working.begin(entries(stored), 1)) == 1


class Overtaken(Queues):
    """Those that it finds are taken by another worker before they can be claimed; once."""

    def __init__(self, other: Working, store: JobStore, keys: Keys) -> None:
        super().__init__(store.commands, keys)
        self._other: Working | None = other

    async def ready(
        self, kind: str, provider: str, entries: Sequence[bytes], *, first: int, most: Most
    ) -> list[StoredWithInput]:
        found = await super().ready(kind, provider, entries, first=first, most=most)
        if self._other is not None:
            other, self._other = self._other, None
            assert len(await other.begin(entries, first)) == len(found)
        return found


async def test_one_who_was_not_quick_enough_takes_what_still_waits(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys
) -> None:
    waiting = [await jobs.queued() for _ in range(4)]
    other, late = bench.working(finish), bench.working(finish)
    late.claims = Claims(store, Overtaken(other, store, keys), bench.durations, worker="late", lease_ms=LEASE_MS)

    begun = await late.begin(entries(*waiting), 2)

    assert [run.id for run in begun] == [stored.id for stored in waiting[2:]]


ANSWER_TO_A_CLAIM = b"done"


def digest(script: str) -> bytes:
    return sha1(source(script).encode()).hexdigest().encode()


async def test_a_claim_whose_answer_was_lost_is_seen_to_at_the_next_call(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys
) -> None:
    waiting = [await jobs.queued() for _ in range(2)]
    async with far(redis_url, bench) as (distant, line):
        working = distant.working(finish)
        line.cut_when_said(ANSWER_TO_A_CLAIM)
        with pytest.raises(StoreUnavailable):
            await working.begin(entries(*waiting), 2)
        assert {(await jobs.get(stored.id)).job.status for stored in waiting} == {Status.PROCESSING}

        begun = await working.begin([], 2)
        assert [(run.id, run.claim, run.attempts) for run in begun] == [(one.id, one.claim, 1) for one in waiting]
        assert await working.begin([], 2) == []


async def test_what_is_found_to_have_begun_is_kept_when_redis_goes_away_again(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys
) -> None:
    stored, another = await jobs.queued(), await jobs.queued()
    async with far(redis_url, bench) as (distant, line):
        working = distant.working(finish)
        line.cut_when_said(ANSWER_TO_A_CLAIM)
        with pytest.raises(StoreUnavailable):
            await working.begin(entries(stored), 1)

        line.cut_when_said(digest("ready_jobs"))
        begun = await working.begin(entries(another), 2)

        assert line.still_to_be_said == []
        assert [run.id for run in begun] == [stored.id]


async def test_a_claim_that_was_never_heard_is_made_anew(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys
) -> None:
    stored = await jobs.queued()
    async with far(redis_url, bench) as (distant, line):
        working = distant.working(finish)
        line.cut_when_said(digest("claim_job"))
        with pytest.raises(StoreUnavailable):
            await working.begin(entries(stored), 1)

        assert [run.id for run in await working.begin(entries(stored), 1)] == [stored.id]


async def test_a_claim_that_was_never_heard_may_be_anothers_by_now(
    redis_url: str, bench: Bench, jobs: JobStates, keys: Keys
) -> None:
    stored = await jobs.queued()
    async with far(redis_url, bench) as (distant, line):
        working = distant.working(finish)
        line.cut_when_said(digest("claim_job"))
        with pytest.raises(StoreUnavailable):
            await working.begin(entries(stored), 1)
        await jobs.claimed(stored)

        assert await working.begin(entries(stored), 1) == []


@pytest.mark.parametrize("meanwhile", ["canceled", "lost and begun elsewhere"])
async def test_what_became_anothers_while_nobody_knew_is_left_alone(
    redis_url: str, bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, meanwhile: str
) -> None:
    stored = await jobs.queued()
    async with far(redis_url, bench) as (distant, line):
        working = distant.working(finish)
        line.cut_when_said(ANSWER_TO_A_CLAIM)
        with pytest.raises(StoreUnavailable):
            await working.begin(entries(stored), 1)
        if meanwhile == "canceled":
            await store.cancel(stored.id)
        else:
            lost = await jobs.get(stored.id)
            await store.requeue(lost, lost.job.requeued("the worker was lost"))
            await jobs.claimed(await jobs.get(stored.id))

        assert await working.begin([], 1) == []
