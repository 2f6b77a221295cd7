"""Submitting, reading and writing. What else may be done with a job is in the files beside this one."""

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from storage.errors import IdTaken, RecordTooLarge
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import RECORD_BYTES, SPARE_BYTES, VERSION_PLACEHOLDER, decode, encode_body
from storage.records.ids import new_job_id
from storage.records.inputs import fingerprint
from storage.records.job import Status
from storage.stored import Acceptance
from tests.support.job_states import ERROR, NOON, PICTURE, JobStates, done, further, submission
from tests.support.listening import Listener

pytestmark = pytest.mark.timeout(30)


async def test_a_job_is_accepted_stored_published_and_queued(
    store: JobStore, keys: Keys, redis: Redis, listener: Listener
) -> None:
    sent = submission(metadata={"empty": [], "nested": {"none": {}}}, provider="painter")
    await listener.subscribe(keys.job(sent.id))

    acceptance, record = await store.submit(sent)

    stored = await store.get(sent.id)
    assert stored is not None
    assert acceptance is Acceptance.ACCEPTED
    assert stored.record == record == await listener.message()
    assert (stored.owner, stored.input, stored.etag, stored.keeps) == ("ann", sent.input, None, None)
    job = stored.job
    assert (job.id, job.kind, job.status, job.provider) == (sent.id, "portrait", Status.QUEUED, "painter")
    assert job.metadata == {"empty": [], "nested": {"none": {}}}
    assert b'"empty":[]' in record
    assert b'"none":{}' in record
    assert await redis.zrange(keys.queue("portrait"), 0, -1) == [f"{sent.id}:{stored.claim.decode()}".encode()]
    assert await store.count_active() == 1


async def test_the_same_submission_twice_is_one_job(store: JobStore, keys: Keys, redis: Redis) -> None:
    sent = submission()
    _, first = await store.submit(sent)
    before = {key async for key in redis.scan_iter(f"{keys.prefix}*")}

    assert await store.submit(sent) == (Acceptance.KNOWN, first)
    assert await redis.zcard(keys.queue("portrait")) == 1
    assert {key async for key in redis.scan_iter(f"{keys.prefix}*")} == before


async def test_a_hundred_same_submissions_at_once_are_one_job(store: JobStore, keys: Keys, redis: Redis) -> None:
    sent = submission()

    answers = await asyncio.gather(*(store.submit(sent) for _ in range(100)))

    assert [acceptance for acceptance, _ in answers].count(Acceptance.ACCEPTED) == 1
    assert len({record for _, record in answers}) == 1
    assert await redis.zcard(keys.queue("portrait")) == 1


async def test_the_same_submission_finds_the_job_whatever_has_become_of_it(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.succeeded()

    assert await store.submit(submission(id=stored.id)) == (Acceptance.KNOWN, stored.record)


async def test_an_id_cannot_mean_another_input(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.queued()

    with pytest.raises(IdTaken):
        await store.submit(submission(id=stored.id, fingerprint="of something else"))
    assert await jobs.get(stored.id) == stored


async def test_the_order_of_the_fields_that_were_sent_does_not_matter(store: JobStore) -> None:
    sent = submission(fingerprint=fingerprint("portrait", {"seed": 1, "size": 640}))
    await store.submit(sent)

    acceptance, _ = await store.submit(replace(sent, fingerprint=fingerprint("portrait", {"size": 640, "seed": 1})))

    assert acceptance is Acceptance.KNOWN


async def test_somebody_elses_id_gives_no_control(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.queued(owner="ann")

    acceptance, _ = await store.submit(submission(id=stored.id, owner="bob", input=b"bob's"))

    assert acceptance is Acceptance.KNOWN
    assert await jobs.get(stored.id) == stored
    assert await store.owned("bob", limit=10) == []


async def test_a_subject_that_is_being_done_is_not_done_twice(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.processing(subject="alice")

    second = submission(subject="alice", fingerprint="of something else")

    assert await store.submit(second) == (Acceptance.SUBJECT, stored.record)
    assert await store.get(second.id) is None
    assert await redis.zcard(keys.queue("portrait")) == 0


@pytest.mark.parametrize("other", [{"owner": "bob"}, {"kind": "video"}, {"subject": "alice "}, {"subject": None}])
async def test_a_subject_counts_within_its_owner_and_kind_only(
    store: JobStore, jobs: JobStates, other: dict[str, str]
) -> None:
    await jobs.queued(subject="alice")

    acceptance, _ = await store.submit(submission(**{"subject": "alice", **other}))

    assert acceptance is Acceptance.ACCEPTED


@pytest.mark.parametrize("end", ["succeeded", "failed", "canceled"])
async def test_a_subject_is_free_again_when_its_job_has_ended(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, end: str
) -> None:
    await getattr(jobs, end)(subject="alice")

    assert not await redis.exists(keys.subject("ann", "portrait", "alice"))
    acceptance, _ = await store.submit(submission(subject="alice"))
    assert acceptance is Acceptance.ACCEPTED


async def test_a_job_that_ends_does_not_free_the_subject_of_another(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    first, second = await jobs.queued(subject="alice"), await jobs.queued()
    await redis.set(keys.subject("ann", "portrait", "alice"), second.id)

    await store.cancel(first.id)

    assert await store.submit(submission(subject="alice")) == (Acceptance.SUBJECT, second.record)


async def test_a_retried_job_holds_its_subject_again(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.failed(subject="alice")
    await store.retry(stored.id)

    acceptance, _ = await store.submit(submission(subject="alice"))

    assert acceptance is Acceptance.SUBJECT


@pytest.mark.parametrize("whose", ["another's", "nobody's", "finished"])
async def test_the_note_of_a_subject_is_not_believed_where_its_job_is(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis, whose: str
) -> None:
    believed = {
        "another's": (await jobs.queued(owner="bob")).id,
        "nobody's": new_job_id(),
        "finished": (await jobs.succeeded()).id,
    }[whose]
    await redis.set(keys.subject("ann", "portrait", "alice"), believed)

    acceptance, _ = await store.submit(submission(subject="alice"))

    assert acceptance is Acceptance.ACCEPTED


async def test_owned_jobs_come_newest_first_and_are_ones_own(store: JobStore, jobs: JobStates) -> None:
    mine = [(await jobs.queued(owner="ann")).id for _ in range(3)]
    await jobs.queued(owner="bob")

    # Two of one millisecond have no order between them.
    assert {stored.id for stored in await store.owned("ann", limit=10)} == set(mine)
    assert len(await store.owned("ann", limit=2)) == 2


async def test_many_are_read_in_the_order_asked_for(store: JobStore, jobs: JobStates) -> None:
    first, second = await jobs.queued(), await jobs.failed()
    unknown = new_job_id()

    assert await store.get(unknown) is None
    found = await store.get_many([second.id, unknown, first.id])
    assert [stored and stored.record for stored in found] == [second.record, None, first.record]


async def test_versions_rise_over_all_changes(store: JobStore, jobs: JobStates, keys: Keys, listener: Listener) -> None:
    sent = submission()
    await listener.subscribe(keys.job(sent.id))
    await store.submit(sent)
    stored = await jobs.claimed(await jobs.get(sent.id))
    for progress in (0.2, 0.2, 0.4):
        await store.advance(further(stored.job, progress), stored.claim)
    stored = await jobs.get(sent.id)
    await store.requeue(stored, stored.job.requeued("lost"))
    await store.cancel(sent.id)
    await store.retry(sent.id)
    stored = await jobs.claimed(await jobs.get(sent.id))
    await store.advance(done(stored.job), stored.claim, PICTURE)

    versions = [(await listener.job()).version for _ in range(10)]
    assert versions == sorted(set(versions))
    assert listener.messages.empty()
    assert (await jobs.get(sent.id)).job.version == versions[-1]


async def test_versions_rise_by_one_where_the_last_is_ahead_of_the_clock(
    store: JobStore, jobs: JobStates, keys: Keys, redis: Redis
) -> None:
    stored = await jobs.processing()
    assert stored.record is not None
    ahead = b"8999999999999990"
    await redis.hset(keys.job(stored.id), mapping={"record": ahead + stored.record[16:]})  # type: ignore[misc]

    versions = [(await store.advance(further(stored.job, 0.5), stored.claim)).version for _ in range(3)]
    versions.append((await store.cancel(stored.id)).version)
    versions.append((await store.retry(stored.id)).version)

    assert versions == [int(ahead) + step for step in range(1, 6)]


async def test_the_address_of_the_picture_ends_in_the_version_of_its_record(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.processing(metadata={"url": VERSION_PLACEHOLDER, VERSION_PLACEHOLDER: 1})

    job = await store.advance(done(stored.job), stored.claim, PICTURE)

    assert job.metadata == {"url": VERSION_PLACEHOLDER, VERSION_PLACEHOLDER: 1}
    assert job.result == {"url": f"/temp-portraits/{job.id}/image?v={job.version}"}


async def test_a_record_over_the_limit_changes_nothing(store: JobStore, jobs: JobStates) -> None:
    stored = await jobs.processing()

    with pytest.raises(RecordTooLarge):
        await store.advance(further(stored.job, 0.5, stage="x" * 40_000), stored.claim)
    assert await jobs.get(stored.id) == stored


@pytest.mark.parametrize("end", ["cancel", "fail", "requeue"])
async def test_a_record_that_a_run_has_filled_has_room_for_whatever_becomes_of_the_job(
    store: JobStore, jobs: JobStates, end: str
) -> None:
    stored = await jobs.processing()
    empty = len(encode_body(further(stored.job, 0.5, result={"text": ""}))) + 64
    with pytest.raises(RecordTooLarge):
        await store.advance(further(stored.job, 0.5, result={"text": "x" * (RECORD_BYTES - empty)}), stored.claim)
    full = further(stored.job, 0.5, result={"text": "x" * (RECORD_BYTES - SPARE_BYTES - empty)})
    await store.advance(full, stored.claim)
    filled = await jobs.get(stored.id)

    match end:
        case "cancel":
            await store.cancel(stored.id)
        case "fail":
            error = ERROR.model_copy(update={"message": "x" * 500})
            await store.end(filled, filled.job.failed(error, NOON, NOON))
        case _:
            await store.requeue(filled, filled.job.requeued("x" * 500, expected_at=NOON))
            await jobs.claimed(await jobs.get(stored.id))
    assert (await jobs.get(stored.id)).job.result == full.result


async def test_what_is_published_is_what_is_stored(
    store: JobStore, jobs: JobStates, keys: Keys, listener: Listener
) -> None:
    stored = await jobs.processing()
    await listener.subscribe(keys.job(stored.id))

    await store.advance(further(stored.job, 0.5, stage="the face", preview="data:,"), stored.claim)

    message = await listener.message()
    assert message == (await jobs.get(stored.id)).record
    assert (decode(message).stage, decode(message).preview) == ("the face", "data:,")
