"""What is to be done about a kept portrait or video, as its jobs stand. Pure."""

from dataclasses import dataclass
from enum import Enum

from storage.media import WaitingMedium
from storage.records.job import ErrorCode, Job, JobError, Status
from storage.stored import Stored

SUBMITTED_SECONDS = 10.0
"""Whoever asked for a job has submitted it by then; after that it is this one's to do."""


class Step(Enum):
    """A step to take, and then to look again."""

    WAIT = "wait"
    NOTE = "note"
    """Note the status of the job that makes it."""
    TAKE_UP = "take up"
    """Keep the finished portrait."""
    SHOW = "show"
    """Note where the finished video is."""
    MAKE = "make"
    """Submit the job that makes it once more: Redis does not know it."""
    MAKE_ANEW = "make anew"
    """Have it made by another job: what this one made is gone."""
    UPLOAD = "upload"
    """Submit the job that puts it into the object store."""
    UPLOAD_ANEW = "upload anew"
    """Have it put there by another job: this one has ended and did not."""
    SETTLE = "settle"
    """Nothing is left to do: nobody can change anything about it any more."""


@dataclass(frozen=True, slots=True)
class Decision:
    step: Step
    status: Status | None = None
    error: JobError | None = None
    seldom: bool = False
    """There is no use in looking again soon."""


def next_step(waiting: WaitingMedium, making: Stored | None, upload: Stored | None) -> Decision:
    """The step for a portrait or video that is not in the object store yet."""
    if waiting.taken_up:
        return _to_upload(waiting, upload)
    if making is None:
        return _unknown(waiting)
    if making.expired:
        if waiting.status in (Status.FAILED, Status.CANCELED):
            return Decision(Step.SETTLE)
        if making.removed:  # who does not want it does not want another in its place
            return Decision(Step.NOTE, Status.CANCELED, seldom=True)
        return Decision(Step.MAKE_ANEW)
    return _as_made(waiting, making.job)


def _to_upload(waiting: WaitingMedium, upload: Stored | None) -> Decision:
    if waiting.status is Status.FAILED:
        return Decision(Step.SETTLE)
    if upload is None:
        return Decision(Step.UPLOAD)
    if upload.expired:
        return Decision(Step.UPLOAD_ANEW)
    job = upload.job
    if not job.final:
        return Decision(Step.WAIT)
    if job.error is not None and job.error.code is ErrorCode.INVALID_INPUT:
        return Decision(Step.NOTE, Status.FAILED, job.error, seldom=True)
    return Decision(Step.UPLOAD_ANEW)


def _unknown(waiting: WaitingMedium) -> Decision:
    if waiting.status in (Status.FAILED, Status.CANCELED):
        return Decision(Step.SETTLE)
    # One that was noted as running was submitted: then it is Redis that has lost it.
    if waiting.status is Status.QUEUED and waiting.age < SUBMITTED_SECONDS:
        return Decision(Step.WAIT)
    return Decision(Step.MAKE)


def _as_made(waiting: WaitingMedium, job: Job) -> Decision:
    if job.status is Status.SUCCEEDED:
        return Decision(Step.TAKE_UP if waiting.kind == "portrait" else Step.SHOW)
    if job.status is waiting.status:
        return Decision(Step.WAIT, seldom=job.final)
    return Decision(Step.NOTE, job.status, job.error, seldom=job.final)
