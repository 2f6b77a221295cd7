from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records.job import FINAL, STEPS, IllegalStep, Job, Status, milliseconds, timestamp
from tests.support.job_states import ERROR, NOON, done, further, running

QUEUED = Job(id="0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55", kind="portrait", created_at=NOON)
PROCESSING = running(QUEUED)
SUCCEEDED = done(PROCESSING)
FAILED = PROCESSING.failed(ERROR, NOON, NOON)
CANCELED = PROCESSING.canceled(NOON, NOON)
ALL = [QUEUED, PROCESSING, SUCCEEDED, FAILED, CANCELED]

WAYS: dict[str, tuple[Callable[[Job], Job], Status, set[Status]]] = {
    "claimed": (running, Status.PROCESSING, {Status.QUEUED}),
    "advanced": (lambda job: further(job, 0.5), Status.PROCESSING, {Status.PROCESSING}),
    "succeeded": (done, Status.SUCCEEDED, {Status.PROCESSING}),
    "failed": (lambda job: job.failed(ERROR, NOON, NOON), Status.FAILED, {Status.QUEUED, Status.PROCESSING}),
    "canceled": (lambda job: job.canceled(NOON, NOON), Status.CANCELED, {Status.QUEUED, Status.PROCESSING}),
    "requeued": (lambda job: job.requeued("lost"), Status.QUEUED, {Status.PROCESSING}),
    "retried": (lambda job: job.retried(), Status.QUEUED, {Status.FAILED, Status.CANCELED}),
}
"""Each step: how it is taken, where it leads, and from where it may be taken."""


@pytest.mark.parametrize("job", ALL, ids=lambda job: job.status)
@pytest.mark.parametrize("way", WAYS)
def test_a_step_leads_where_it_should_or_is_refused_naming_both_statuses(way: str, job: Job) -> None:
    take, to, allowed = WAYS[way]

    if job.status in allowed:
        assert take(job).status is to
    else:
        with pytest.raises(IllegalStep, match=f"a job that is {job.status} cannot become {to}"):
            take(job)


def test_the_table_of_steps_holds_exactly_what_can_be_done() -> None:
    possible = {status: {to for _, to, allowed in WAYS.values() if status in allowed} for status in Status}

    assert possible == STEPS


def test_nothing_leaves_a_final_status_but_a_retry() -> None:
    assert {to for status in FINAL for to in STEPS[status]} == {Status.QUEUED}
    assert [job.final for job in ALL] == [False, False, True, True, True]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)))
def test_progress_never_falls_within_a_run_and_stays_between_0_and_1(reported: list[float]) -> None:
    jobs = [PROCESSING]
    for progress in reported:
        jobs.append(further(jobs[-1], progress))

    shown = [job.progress for job in jobs]
    assert shown == sorted(shown)
    assert all(0 <= progress <= 1 for progress in shown)


def test_a_run_that_was_lost_shows_nothing_of_itself_but_its_result() -> None:
    job = further(PROCESSING, 0.5, stage="painting", preview="data:,", expected_at=NOON, result={"characters": []})

    requeued = job.requeued("the worker was lost")

    assert requeued == QUEUED.model_copy(
        update={"stage": "the worker was lost", "attempt": 1, "provider": "painter", "result": {"characters": []}}
    )
    assert running(requeued).attempt == 2


def test_a_run_that_was_handed_back_does_not_count() -> None:
    assert PROCESSING.requeued("handed to another worker", counts=False).attempt == 0


def test_a_run_that_is_to_begin_again_at_a_known_time_says_when_it_will_be_finished() -> None:
    assert further(PROCESSING, 0.5).requeued("waiting", expected_at=NOON).expected_at == NOON


def test_a_job_that_waits_is_told_a_place_and_when_it_will_be_finished_and_may_lose_both() -> None:
    placed = QUEUED.placed(3, NOON)
    assert (placed.queue_position, placed.expected_at) == (3, NOON)
    assert placed.placed(None, None) == QUEUED
    with pytest.raises(IllegalStep):
        PROCESSING.placed(1, NOON)


@pytest.mark.parametrize("job", [SUCCEEDED, FAILED, CANCELED], ids=lambda job: job.status)
def test_a_final_job_has_no_preview_no_stage_and_nothing_to_expect(job: Job) -> None:
    assert (job.preview, job.stage, job.expected_at, job.queue_position) == (None, None, None, None)
    assert (job.finished_at, job.expires_at) == (NOON, NOON)
    assert (job.error is not None) == (job.status is Status.FAILED)


def test_a_retry_takes_the_error_away_and_keeps_the_count_of_attempts() -> None:
    retried = FAILED.retried()

    assert (retried.error, retried.finished_at, retried.expires_at, retried.attempt) == (None, None, None, 1)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)))
def test_a_timestamp_is_rfc_3339_in_utc_with_milliseconds(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)

    text = timestamp(round(moment.timestamp() * 1000))

    assert text.endswith("Z")
    assert len(text) == len("2026-11-20T10:00:00.000Z")
    assert datetime.fromisoformat(text) == moment


@given(st.integers(0, 7_258_118_400_000))
def test_a_timestamp_is_read_as_what_it_was_made_of(moment: int) -> None:
    assert milliseconds(timestamp(moment)) == moment


def test_a_record_compares_by_value_and_cannot_be_changed() -> None:
    assert running(QUEUED) == running(QUEUED.model_copy())
    with pytest.raises(ValueError, match="frozen"):
        QUEUED.progress = 0.5  # type: ignore[misc]
