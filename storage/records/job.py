"""The job: the one record that everything slow is, and the steps it may take.

queued → processing → succeeded | failed | canceled; queued → canceled | failed; processing → queued when a run ends
without an end; failed, canceled → queued when a person asks for it. Every step is a method that returns the next record
and raises `IllegalStep` where there is none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

JsonObject = dict[str, Any]
Timestamp = str

PREVIEW_CHARACTERS = 8_192


class Status(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED})

STEPS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.PROCESSING, Status.CANCELED, Status.FAILED}),
    Status.PROCESSING: frozenset({Status.PROCESSING, Status.QUEUED} | FINAL),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset({Status.QUEUED}),
    Status.CANCELED: frozenset({Status.QUEUED}),
}


class ErrorCode(StrEnum):
    INVALID_INPUT = "invalid_input"
    MODERATED = "moderated"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_REJECTED = "provider_rejected"
    SUBMIT_UNKNOWN = "submit_unknown"
    TIMED_OUT = "timed_out"
    LOST = "lost"
    INTERNAL = "internal"


class IllegalStep(Exception):
    """A job was asked to take a step that its status does not allow."""

    def __init__(self, status: Status, wanted: Status) -> None:
        self.status = status
        self.wanted = wanted
        super().__init__(f"a job that is {status} cannot become {wanted}")


class JobError(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    code: ErrorCode
    message: str
    retryable: bool


class Job(BaseModel):
    """The record, as every transport carries it. Its fields are described in docs/protocol.md.

    A process of a newer version may have written fields that this one does not know: they are passed over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = 0
    id: str
    kind: str
    status: Status = Status.QUEUED
    attempt: int = 0
    progress: float = 0.0
    stage: str | None = None
    queue_position: int | None = None
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    expected_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    provider: str | None = None
    preview: str | None = None
    metadata: JsonObject | None = None
    result: JsonObject | None = None
    error: JobError | None = None

    @property
    def final(self) -> bool:
        return self.status in FINAL

    def _step(self, status: Status, **changes: object) -> Job:
        if status not in STEPS[self.status]:
            raise IllegalStep(self.status, status)
        return self.model_copy(update={"status": status, **changes})

    def placed(self, position: int | None, expected_at: Timestamp | None) -> Job:
        """The job has moved in its queue; without a position where those beyond it are not counted."""
        if self.status is not Status.QUEUED:
            raise IllegalStep(self.status, Status.QUEUED)
        return self.model_copy(update={"queue_position": position, "expected_at": expected_at})

    def claimed(self, at: Timestamp, *, provider: str | None, expected_at: Timestamp | None) -> Job:
        """A run begins. The result of an earlier run stays: what was shown is not taken away."""
        if self.status is not Status.QUEUED:
            raise IllegalStep(self.status, Status.PROCESSING)
        return self._step(
            Status.PROCESSING,
            attempt=self.attempt + 1,
            progress=0.0,
            stage=None,
            queue_position=None,
            started_at=at,
            expected_at=expected_at,
            provider=provider,
        )

    def advanced(
        self,
        progress: float,
        *,
        stage: str | None,
        preview: str | None,
        expected_at: Timestamp | None,
        result: JsonObject | None,
    ) -> Job:
        """News of a run. Progress never falls within it."""
        if self.status is not Status.PROCESSING:
            raise IllegalStep(self.status, Status.PROCESSING)
        return self._step(
            Status.PROCESSING,
            progress=max(self.progress, min(1.0, progress)),
            stage=stage,
            preview=preview,
            expected_at=expected_at,
            result=result,
        )

    def succeeded(self, result: JsonObject, at: Timestamp, expires_at: Timestamp) -> Job:
        return self._step(
            Status.SUCCEEDED,
            progress=1.0,
            stage=None,
            preview=None,
            result=result,
            finished_at=at,
            expected_at=None,
            expires_at=expires_at,
        )

    def failed(self, error: JobError, at: Timestamp, expires_at: Timestamp) -> Job:
        return self._step(Status.FAILED, error=error, **self._ended(at, expires_at))

    def canceled(self, at: Timestamp, expires_at: Timestamp) -> Job:
        return self._step(Status.CANCELED, **self._ended(at, expires_at))

    def _ended(self, at: Timestamp, expires_at: Timestamp) -> dict[str, Any]:
        return {
            "stage": None,
            "preview": None,
            "queue_position": None,
            "finished_at": at,
            "expected_at": None,
            "expires_at": expires_at,
        }

    def requeued(self, stage: str, *, counts: bool = True, expected_at: Timestamp | None = None) -> Job:
        """A run ended without an end; `stage` says why. `counts` is false where it is not held against the job."""
        if self.status is not Status.PROCESSING:
            raise IllegalStep(self.status, Status.QUEUED)
        attempt = self.attempt if counts else max(0, self.attempt - 1)
        return self._queued(stage=stage, attempt=attempt, expected_at=expected_at)

    def retried(self) -> Job:
        """A person asks for a job that failed or was canceled to be tried again."""
        if self.status not in (Status.FAILED, Status.CANCELED):
            raise IllegalStep(self.status, Status.QUEUED)
        return self._queued(stage=None, error=None, finished_at=None, expires_at=None)

    def _queued(self, **changes: object) -> Job:
        fresh = {"progress": 0.0, "preview": None, "started_at": None, "expected_at": None, "queue_position": None}
        return self._step(Status.QUEUED, **{**fresh, **changes})


def timestamp(milliseconds: int) -> Timestamp:
    """RFC 3339 in UTC with milliseconds, as in `2026-11-20T10:00:00.000Z`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def milliseconds(at: Timestamp) -> int:
    """What `timestamp` made a text of."""
    return round(datetime.fromisoformat(at).timestamp() * 1000)
