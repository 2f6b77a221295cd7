"""What a server says, read with an open mind: fields and messages that are not known are passed over. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from storage.records.ids import JobId
from storage.records.job import FINAL, JsonObject, Status


class Unintelligible(Exception):
    """This is not what a Limner server says."""


class SeenError(BaseModel):
    model_config = ConfigDict(frozen=True)

    message: str


class SeenJob(BaseModel):
    """Of a job's record, what a terminal shows."""

    model_config = ConfigDict(frozen=True)

    id: JobId
    version: int
    status: Status
    progress: float = 0.0
    stage: str | None = None
    queue_position: int | None = None
    expected_at: datetime | None = None
    result: JsonObject | None = None
    error: SeenError | None = None

    @property
    def final(self) -> bool:
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class News:
    """The newest there is of a job."""

    job: SeenJob


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such job: not yet, or (`expired`) not any more."""

    job_id: JobId
    expired: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """A sentence about something that the server cannot do just now."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The server is about to close; come back within `seconds`."""

    seconds: float


Message = News | Missing | Trouble | Goodbye


def read_frame(text: str | bytes) -> Message | None:
    """A frame of the WebSocket; none where it says nothing of jobs. Raises Unintelligible."""
    message = _object(text)
    try:
        match message.get("type"):
            case "job":
                return News(SeenJob.model_validate(message["job"]))
            case "unknown":
                return Missing(JobId(message["job"]), bool(message.get("expired")))
            case "error":
                return Trouble(str(message["message"]))
            case "goodbye":
                return Goodbye(float(message["retry_after_ms"]) / 1000)
            case _:
                return None
    except (KeyError, TypeError, ValueError) as error:
        raise Unintelligible from error


def read_poll(text: str | bytes) -> list[Message]:
    """The answer of `GET /jobs?id=…`. Raises Unintelligible."""
    body = _object(text)
    try:
        jobs = [SeenJob.model_validate(job) for job in body["jobs"]]
        expired = set(body.get("expired", ()))
        missing = [Missing(JobId(job_id), job_id in expired) for job_id in body["unknown"]]
    except (KeyError, TypeError, ValidationError) as error:
        raise Unintelligible from error
    return [*map(News, jobs), *missing]


def read_job(text: str | bytes) -> SeenJob:
    """The answer of a POST. Raises Unintelligible."""
    try:
        return SeenJob.model_validate(_object(text))
    except ValidationError as error:
        raise Unintelligible from error


def subscribe(versions: Mapping[JobId, int]) -> str:
    return json.dumps({"type": "subscribe", "jobs": versions})


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise Unintelligible from error
    if not isinstance(body, dict):
        raise Unintelligible
    return body
