"""What follows for a portrait or video from how its jobs stand, as a table."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.media_steps import SUBMITTED_SECONDS, Decision, Step, next_step
from storage.media import WaitingMedium
from storage.records.encoding import encode_body
from storage.records.ids import JobId, new_id, new_job_id
from storage.records.job import ErrorCode, Job, JobError, Status
from storage.records.world import MediumId, PieceId, WorldId
from storage.stored import Stored
from tests.support.job_states import ERROR, NOON

NO_PICTURE = JobError(code=ErrorCode.INVALID_INPUT, message="This is no picture.", retryable=False)


def waiting(**changes: Any) -> WaitingMedium:
    given: dict[str, Any] = {
        "id": MediumId(new_id()),
        "piece_id": PieceId(new_id()),
        "world_id": WorldId(new_id()),
        "name": "Ada",
        "owner": "ann",
        "kind": "portrait",
        "job": new_job_id(),
        "upload": new_job_id(),
        "input": "{}",
        "status": Status.PROCESSING,
        "taken_up": False,
        "age": 3600.0,
    }
    return WaitingMedium(**{**given, **changes})


def job(status: Status, error: JobError | None = None) -> Stored:
    made = Job(id=new_job_id(), kind="portrait", status=status, created_at=NOON, error=error)
    record = b"%016da" % 1 + b'{"version":1' + encode_body(made)
    return Stored(JobId(made.id), record, "ann", b"1", None, None, 0)


GONE = Stored(new_job_id(), None, "ann", b"1", None, None, 0)
REMOVED = replace(GONE, removed=True)


@pytest.mark.parametrize(
    ("row", "making", "decision"),
    [
        (waiting(), job(Status.PROCESSING), Decision(Step.WAIT)),
        (waiting(status=Status.QUEUED), job(Status.PROCESSING), Decision(Step.NOTE, Status.PROCESSING)),
        (waiting(), job(Status.FAILED, ERROR), Decision(Step.NOTE, Status.FAILED, ERROR, seldom=True)),
        (waiting(status=Status.FAILED), job(Status.FAILED, ERROR), Decision(Step.WAIT, seldom=True)),
        (waiting(status=Status.FAILED), job(Status.QUEUED), Decision(Step.NOTE, Status.QUEUED)),
        (waiting(status=Status.CANCELED), job(Status.CANCELED), Decision(Step.WAIT, seldom=True)),
        (waiting(), job(Status.SUCCEEDED), Decision(Step.TAKE_UP)),
        (waiting(kind="video"), job(Status.SUCCEEDED), Decision(Step.SHOW)),
        (waiting(status=Status.FAILED), job(Status.SUCCEEDED), Decision(Step.TAKE_UP)),
    ],
)
def test_a_row_follows_the_job_that_makes_it(row: WaitingMedium, making: Stored, decision: Decision) -> None:
    assert next_step(row, making, None) == decision


@pytest.mark.parametrize(
    ("row", "decision"),
    [
        (waiting(status=Status.QUEUED, age=SUBMITTED_SECONDS - 1), Decision(Step.WAIT)),
        (waiting(status=Status.QUEUED, age=SUBMITTED_SECONDS), Decision(Step.MAKE)),
        (waiting(status=Status.PROCESSING, age=0.0), Decision(Step.MAKE)),
        (waiting(status=Status.FAILED), Decision(Step.SETTLE)),
        (waiting(status=Status.CANCELED), Decision(Step.SETTLE)),
    ],
)
def test_a_job_that_redis_does_not_know_is_submitted_again_unless_it_had_ended(
    row: WaitingMedium, decision: Decision
) -> None:
    assert next_step(row, None, None) == decision


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (Status.QUEUED, Step.MAKE_ANEW),
        (Status.PROCESSING, Step.MAKE_ANEW),
        (Status.FAILED, Step.SETTLE),
        (Status.CANCELED, Step.SETTLE),
    ],
)
def test_a_job_that_is_gone_with_what_it_made_is_followed_by_another(status: Status, step: Step) -> None:
    assert next_step(waiting(status=status), GONE, None) == Decision(step)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PROCESSING, Status.SUCCEEDED])
def test_a_job_that_a_person_has_removed_does_not_come_back_as_another(status: Status) -> None:
    stopped = Decision(Step.NOTE, Status.CANCELED, seldom=True)

    assert next_step(waiting(status=status), REMOVED, None) == stopped
    assert next_step(waiting(status=Status.CANCELED), REMOVED, None) == Decision(Step.SETTLE)


@pytest.mark.parametrize(
    ("upload", "decision"),
    [
        (None, Decision(Step.UPLOAD)),
        (GONE, Decision(Step.UPLOAD_ANEW)),
        (job(Status.QUEUED), Decision(Step.WAIT)),
        (job(Status.PROCESSING), Decision(Step.WAIT)),
        (job(Status.FAILED, ERROR), Decision(Step.UPLOAD_ANEW)),
        (job(Status.CANCELED), Decision(Step.UPLOAD_ANEW)),
        (job(Status.SUCCEEDED), Decision(Step.UPLOAD_ANEW)),
        (job(Status.FAILED, NO_PICTURE), Decision(Step.NOTE, Status.FAILED, NO_PICTURE, seldom=True)),
    ],
)
def test_a_picture_that_was_taken_up_is_uploaded_until_it_is_there(upload: Stored | None, decision: Decision) -> None:
    assert next_step(waiting(status=Status.SUCCEEDED, taken_up=True), None, upload) == decision


def test_what_turned_out_to_be_no_picture_is_left_alone() -> None:
    assert next_step(waiting(status=Status.FAILED, taken_up=True), None, None) == Decision(Step.SETTLE)
