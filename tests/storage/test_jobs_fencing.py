"""Who may write: the holder of the claim, while the job is processing, and nobody else."""

import contextlib
from collections.abc import Awaitable, Callable

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from storage.connect import connect
from storage.errors import StoreUnavailable
from storage.jobs import JobStore
from storage.keys import Keys
from storage.portraits import PortraitStore
from storage.records.job import Status
from storage.settings import StorageSettings
from storage.stored import Fenced, Stored
from tests.support.job_states import ERROR, LEASE_MS, NOON, PICTURE, JobStates, done, further
from tests.support.line import line_to
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)

Write = Callable[[JobStore, Stored], Awaitable[object]]

WRITES: dict[str, Write] = {
    "progress": lambda store, held: store.advance(further(held.job, 0.9), held.claim),
    "success": lambda store, held: store.advance(done(held.job), held.claim, PICTURE),
    "failure": lambda store, held: store.advance(held.job.failed(ERROR, NOON, NOON), held.claim),
    "hand-back": lambda store, held: store.requeue(held, held.job.requeued("handed back")),
    "end": lambda store, held: store.end(held, held.job.failed(ERROR, NOON, NOON)),
}


async def requeued(store: JobStore, jobs: JobStates, held: Stored) -> None:
    await store.requeue(held, held.job.requeued("lost"))


async def run_by_another(store: JobStore, jobs: JobStates, held: Stored) -> None:
    await requeued(store, jobs, held)
    await jobs.claimed(await jobs.get(held.id))


async def canceled(store: JobStore, jobs: JobStates, held: Stored) -> None:
    await store.cancel(held.id)


async def retried(store: JobStore, jobs: JobStates, held: Stored) -> None:
    await store.cancel(held.id)
    await store.retry(held.id)


async def finished(store: JobStore, jobs: JobStates, held: Stored) -> None:
    await store.advance(done(held.job), held.claim, PICTURE)


async def removed(store: JobStore, jobs: JobStates, held: Stored) -> None:
    await store.cancel(held.id)
    await store.remove(held.id)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("meanwhile", [requeued, run_by_another, canceled, retried, finished, removed])
async def test_a_worker_that_froze_and_woke_up_changes_nothing(
    store: JobStore,
    jobs: JobStates,
    keys: Keys,
    redis: Redis,
    meanwhile: Callable[[JobStore, JobStates, Stored], Awaitable[None]],
    write: Write,
) -> None:
    held = await jobs.processing()
    await meanwhile(store, jobs, held)
    before = await everything(redis, keys)

    with pytest.raises(Fenced):
        await write(store, held)

    assert await everything(redis, keys) == before


@pytest.mark.parametrize("meanwhile", [requeued, run_by_another, canceled, retried, finished, removed])
async def test_a_lease_is_not_renewed_under_an_old_claim(
    store: JobStore,
    jobs: JobStates,
    keys: Keys,
    redis: Redis,
    meanwhile: Callable[[JobStore, JobStates, Stored], Awaitable[None]],
) -> None:
    held = await jobs.processing()
    await meanwhile(store, jobs, held)
    before = await everything(redis, keys)

    assert await store.renew([(held.id, held.claim)], lease_ms=LEASE_MS) == [False]

    assert await everything(redis, keys) == before


async def test_the_holder_of_the_claim_renews_its_lease(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    held = await jobs.processing(lease_ms=1_000)
    before = await redis.zscore(keys.leases, held.id)

    assert await store.renew([(held.id, held.claim)], lease_ms=60_000) == [True]

    after = await redis.zscore(keys.leases, held.id)
    assert before is not None
    assert after is not None
    assert after - before > 58_000


@pytest.mark.parametrize("write", ["hand-back", "end"])
async def test_what_is_written_on_a_record_that_has_changed_does_not_count(
    store: JobStore, jobs: JobStates, write: str
) -> None:
    held = await jobs.processing()
    await store.advance(further(held.job, 0.5), held.claim)
    before = await jobs.get(held.id)

    with pytest.raises(Fenced):
        await WRITES[write](store, held)

    assert await jobs.get(held.id) == before


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
async def test_what_is_final_is_not_written_over_even_by_whoever_has_read_it(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, state: str
) -> None:
    ended, held = await getattr(jobs, state)(), await jobs.processing()
    before = await everything(redis, keys)

    for job in (held.job.failed(ERROR, NOON, NOON), held.job.canceled(NOON, NOON), further(held.job, 0.5)):
        with pytest.raises(Fenced):
            await store.end(ended, job.model_copy(update={"id": ended.id}))

    assert await everything(redis, keys) == before


async def test_a_claim_is_raised_by_every_queueing_and_by_a_cancel(store: JobStore, jobs: JobStates) -> None:
    held = await jobs.processing()
    claims = [held.claim]
    for step in (requeued, canceled):
        await step(store, jobs, await jobs.get(held.id) if step is canceled else held)
        claims.append((await jobs.get(held.id)).claim)
    await store.retry(held.id)
    claims.append((await jobs.get(held.id)).claim)

    assert [int(claim) for claim in claims] == sorted({int(claim) for claim in claims})


async def test_whoever_hears_of_a_success_finds_the_picture(
    redis_url: str,
    jobs: JobStates,
    keys: Keys,
    redis: Redis,
    storage_settings: StorageSettings,
    listener: Listener,
) -> None:
    """The worker loses its line in the moment of the event: whatever it has not done by then it never does."""
    held = await jobs.processing()
    await listener.subscribe(keys.job(held.id))
    async with line_to(redis_url) as line, connect(SecretStr(line.url)) as client:
        heard = listener.events.on_message

        def cut(channel: bytes, data: bytes) -> None:
            line.cut()
            heard(channel, data)

        listener.events.on_message = cut
        with contextlib.suppress(StoreUnavailable):
            await JobStore(client, keys, storage_settings).advance(done(held.job), held.claim, PICTURE)

    assert (await listener.job()).status is Status.SUCCEEDED
    assert await PortraitStore(redis, keys).text(held.id) == PICTURE.base64
    assert (await jobs.get(held.id)).etag == PICTURE.etag


async def everything(redis: Redis, keys: Keys) -> dict[bytes, object]:
    """All that is stored under the test's prefix, without the times to live, which pass."""
    found: dict[bytes, object] = {}
    async for key in redis.scan_iter(f"{keys.prefix}*"):
        found[key] = await redis.dump(key)
    return found
