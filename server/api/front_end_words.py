"""What a status is called by front ends that have words of their own. The one place where they stand."""

from dataclasses import dataclass

from storage.records.job import Job, Status

STOPPED = "This was stopped."


@dataclass(frozen=True, slots=True)
class Words:
    job: str
    """In `/api/characters/…/status`."""
    image: str
    """In `/characters/<id>/image-status`."""


WORDS = {
    Status.QUEUED: Words("starting", "pending"),
    Status.PROCESSING: Words("processing", "generating"),
    Status.SUCCEEDED: Words("succeeded", "completed"),
    Status.FAILED: Words("failed", "failed"),
    Status.CANCELED: Words("failed", "failed"),
}


def detail_of(job: Job) -> str | None:
    """A sentence on what became of a job that has not succeeded; what is being done while it is unfinished."""
    match job.status:
        case Status.FAILED:
            return job.error.message if job.error is not None else None
        case Status.CANCELED:
            return STOPPED
        case _:
            return job.stage
