"""A subject has one unfinished job, also where it is a retry or a late repeat that would make a second one."""

import pytest

from storage.errors import IdTaken, JobUnknown, SubjectTaken
from storage.jobs import JobStore
from storage.records.job import Status
from storage.stored import Acceptance
from tests.support.job_states import JobStates, submission

pytestmark = pytest.mark.timeout(30)


async def test_a_retry_makes_no_second_unfinished_job_for_a_subject(store: JobStore, jobs: JobStates) -> None:
    first = await jobs.failed(subject="alice")
    second = await jobs.queued(subject="alice")

    with pytest.raises(SubjectTaken) as taken:
        await store.retry(first.id)

    assert taken.value.job_id == second.id
    assert (await jobs.get(first.id)).record == first.record
    await store.cancel(second.id)
    assert (await store.retry(first.id)).status is Status.QUEUED
    assert await store.submit(submission(subject="alice")) == (Acceptance.SUBJECT, (await jobs.get(first.id)).record)


async def test_of_two_retries_for_one_subject_one_is_taken(store: JobStore, jobs: JobStates) -> None:
    first, second = await jobs.failed(subject="alice"), await jobs.failed(subject="alice")
    await store.retry(first.id)

    with pytest.raises(SubjectTaken):
        await store.retry(second.id)


async def test_an_id_that_was_answered_with_the_job_of_its_subject_stands_for_that_job_also_when_it_has_ended(
    store: JobStore, jobs: JobStates
) -> None:
    first, repeated = await jobs.processing(subject="alice"), submission(subject="alice")
    assert await store.submit(repeated) == (Acceptance.SUBJECT, first.record)
    await store.cancel(first.id)

    assert await store.submit(repeated) == (Acceptance.KNOWN, (await jobs.get(first.id)).record)
    with pytest.raises(IdTaken):
        await store.submit(submission(id=repeated.id, fingerprint="of something else"))
    assert await store.get(repeated.id) is None
    await store.remove(first.id)
    with pytest.raises(JobUnknown, match="no longer kept"):
        await store.submit(repeated)
