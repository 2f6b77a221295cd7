"""What a person asks of a job: cancel, retry, remove."""

import pytest
from redis.asyncio import Redis

from storage.errors import IdTaken, JobUnknown, StepRefused
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.encoding import is_gone
from storage.records.ids import new_job_id
from storage.records.job import Status
from tests.support.job_states import JobStates, submission
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)


@pytest.mark.parametrize("state", ["queued", "processing"])
async def test_a_job_is_canceled_waiting_or_running(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, state: str
) -> None:
    stored = await getattr(jobs, state)()

    job = await store.cancel(stored.id)

    assert (job.status, job.error, job.preview) == (Status.CANCELED, None, None)
    assert job.finished_at is not None
    assert job.expires_at is not None
    assert await store.count_active() == 0
    assert await redis.zcard(keys.queue("portrait")) == 0
    assert await redis.zcard(keys.leases) == 0


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
async def test_what_has_ended_is_not_canceled(store: JobStore, jobs: JobStates, state: str) -> None:
    stored = await getattr(jobs, state)()

    with pytest.raises(StepRefused, match=f"a job that is {state} cannot be canceled"):
        await store.cancel(stored.id)
    assert (await jobs.get(stored.id)).record == stored.record


@pytest.mark.parametrize("state", ["failed", "canceled"])
async def test_a_job_that_went_wrong_is_tried_again_at_the_end_of_the_queue(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, state: str
) -> None:
    stored = await getattr(jobs, state)()
    waiting = await jobs.queued()

    job = await store.retry(stored.id)

    assert (job.status, job.error, job.finished_at, job.expires_at) == (Status.QUEUED, None, None, None)
    again = await jobs.get(stored.id)
    assert (again.keeps, again.input, again.owner) == (None, stored.input, "ann")
    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [
        f"{one.id}:{one.claim.decode()}".encode() for one in (waiting, again)
    ]
    assert await redis.ttl(keys.job(stored.id)) == -1
    assert await redis.zscore(keys.expiring, stored.id) is None
    assert (await jobs.claimed(again)).job.attempt == stored.job.attempt + 1


@pytest.mark.parametrize("state", ["queued", "processing", "succeeded"])
async def test_nothing_else_is_tried_again(store: JobStore, jobs: JobStates, state: str) -> None:
    stored = await getattr(jobs, state)()

    with pytest.raises(StepRefused, match=f"a job that is {state} cannot be retried"):
        await store.retry(stored.id)
    assert (await jobs.get(stored.id)).record == stored.record


async def test_attempts_from_before_a_retry_are_spent(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.failed()
    assert stored.spent == 0

    await store.retry(stored.id)

    again = await jobs.get(stored.id)
    assert (again.spent, again.job.attempt) == (1, 1)


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
async def test_a_removed_job_leaves_nothing_but_that_it_was(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, listener: Listener, state: str
) -> None:
    stored = await getattr(jobs, state)()
    await listener.subscribe(keys.job(stored.id))

    assert await store.remove(stored.id) == stored.job

    left = await jobs.get(stored.id)
    assert left.expired
    assert (left.record, left.input, left.etag) == (None, b"", None)
    assert await PortraitStore(redis, keys).text(stored.id) is None
    assert await store.owned("ann", limit=10) == []
    assert [key async for key in redis.scan_iter(f"{keys.prefix}*")] == [keys.job(stored.id).encode()]
    assert await redis.ttl(keys.job(stored.id)) > 0
    message = await listener.message()
    assert is_gone(message)
    assert int(message[:16]) > stored.job.version


async def test_the_id_of_a_removed_job_cannot_mean_another(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.succeeded()
    await store.remove(stored.id)

    with pytest.raises(JobUnknown, match="no longer kept"):
        await store.submit(submission(id=stored.id))
    with pytest.raises(IdTaken):
        await store.submit(submission(id=stored.id, fingerprint="of something else"))
    assert (await jobs.get(stored.id)).expired


@pytest.mark.parametrize("state", ["queued", "processing"])
async def test_a_job_that_is_not_finished_is_not_removed(store: JobStore, jobs: JobStates, state: str) -> None:
    stored = await getattr(jobs, state)()

    with pytest.raises(StepRefused, match=f"a job that is {state} cannot be removed"):
        await store.remove(stored.id)
    assert await jobs.get(stored.id) == stored


@pytest.mark.parametrize("ask", ["cancel", "retry", "remove"])
async def test_nothing_can_be_asked_of_a_job_that_is_not_there(store: JobStore, jobs: JobStates, ask: str) -> None:
    removed = await jobs.succeeded()
    await store.remove(removed.id)

    with pytest.raises(JobUnknown, match="no such job") as unknown:
        await getattr(store, ask)(new_job_id())
    assert not unknown.value.expired
    with pytest.raises(JobUnknown, match="no longer kept") as expired:
        await getattr(store, ask)(removed.id)
    assert expired.value.expired


async def test_what_is_unfinished_is_listed_however_much_was_finished_since(store: JobStore, jobs: JobStates) -> None:
    waiting, running = await jobs.queued(), await jobs.processing()
    for _ in range(3):
        await jobs.canceled()

    assert [stored.id for stored in await store.owned("ann", limit=2, active=True)] == [running.id, waiting.id]
    assert [stored.id for stored in await store.owned("ann", limit=1, active=True)] == [running.id]
    assert await store.owned("bert", limit=2, active=True) == []
    assert len(await store.owned("ann", limit=10)) == 5
