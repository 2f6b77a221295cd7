"""Errors as the caller sees them: `application/problem+json` (RFC 9457), one shape for all routes."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from storage.errors import (
    DatabaseUnavailable,
    IdTaken,
    JobUnknown,
    MediumNotThere,
    ObjectStoreUnavailable,
    PictureComing,
    PieceUnknown,
    StepRefused,
    StoreFull,
    StoreUnavailable,
    SubjectTaken,
    WorldKeyTaken,
)
from storage.logs import Event, log_error

RETRY_SECONDS = 2

MOST_FAULTS = 100
"""As many are named in one answer: nobody reads more."""


class Problem(Exception):
    """An answer that is an error. `errors` names the fields at fault.

    Where the status alone does not tell it from others, it has a `type`, and a `title` that goes with that.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        type: str = "about:blank",
        title: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.type = type
        self.title = title or HTTPStatus(status).phrase
        self.errors = list(errors)
        self.headers = dict(headers or {})
        super().__init__(detail)

    def response(self) -> Response:
        body: dict[str, object] = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return Response(json.dumps(body), self.status, headers=self.headers, media_type="application/problem+json")


def field_problem(field: str, message: str, status: int = 422) -> Problem:
    return Problem(status, f"{field}: {message}", errors=[{"field": field, "message": message}])


def invalid(error: ValidationError) -> Problem:
    """What pydantic found, by field. The input itself is not repeated."""
    return fields_problem(faults_of(error))


def faults_of(error: ValidationError, *within: str | int) -> list[dict[str, str]]:
    """What pydantic found in a part of the input; `within` leads to it."""
    return [
        {
            "field": ".".join(str(part) for part in (*within, *fault["loc"])) or "body",
            "message": fault["msg"].removeprefix("Value error, "),
        }
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def fields_problem(errors: Sequence[Mapping[str, str]]) -> Problem:
    """The answer to input with these faults, of which there is at least one. The first MOST_FAULTS are named."""
    return Problem(422, f"{errors[0]['field']}: {errors[0]['message']}", errors=errors[:MOST_FAULTS])


def of(error: Exception) -> Problem:
    """The problem that an error is to the caller."""
    match error:
        case Problem():
            return error
        case ValidationError():
            return invalid(error)
        case StoreFull():
            return Problem(
                503,
                "The server's store is full just now: jobs that are there go on, new ones are taken again later.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        case StoreUnavailable():
            return Problem(
                503, "The server cannot reach its store just now.", headers={"Retry-After": str(RETRY_SECONDS)}
            )
        case DatabaseUnavailable():
            return Problem(
                503, "The server cannot reach its database just now.", headers={"Retry-After": str(RETRY_SECONDS)}
            )
        case ObjectStoreUnavailable():
            return Problem(
                503, "The server cannot reach its object store just now.", headers={"Retry-After": str(RETRY_SECONDS)}
            )
        case WorldKeyTaken():
            return field_problem("Idempotency-Key", f"{error}", 409)
        case PieceUnknown():
            return Problem(404, "There is no such character.")
        case MediumNotThere():
            return Problem(409, "This portrait or video is not there (yet).")
        case PictureComing():
            return Problem(409, "A new portrait is just being put away. Please try again in a moment.")
        case JobUnknown(expired=True):
            return Problem(410, "This job is no longer kept.")
        case JobUnknown():
            return Problem(404, "There is no such job.")
        case IdTaken():
            return field_problem("id", "this id already belongs to a job with another input", 409)
        case SubjectTaken():
            return Problem(409, f"For its subject there is an unfinished job already: {error.job_id}.")
        case StepRefused():
            return Problem(409, f"This job cannot be {error.wanted}: it is {error.status}.")
        case HTTPException():
            return Problem(error.status_code, error.detail, headers=error.headers)
        case _:
            return Problem(500, "Something went wrong on our side.")


async def respond(_: Request, error: Exception) -> Response:
    """Starlette's exception handler for all of them."""
    problem = of(error)
    if problem.status == 500:
        log_error(Event.REQUEST_FAILED, exception=error)
    return problem.response()


HANDLED: tuple[type[Exception], ...] = (
    Problem,
    ValidationError,
    StoreUnavailable,
    JobUnknown,
    IdTaken,
    SubjectTaken,
    StepRefused,
    DatabaseUnavailable,
    ObjectStoreUnavailable,
    WorldKeyTaken,
    PieceUnknown,
    MediumNotThere,
    PictureComing,
    HTTPException,
)
