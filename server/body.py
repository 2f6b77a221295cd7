"""Reading a request's JSON: of the right type, not too large, valid Unicode, and of the model asked for."""

import asyncio
import json
import math
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from server.problems import Problem, field_problem

M = TypeVar("M", bound=BaseModel)

BODY_SECONDS = 30.0
DISCARDED_BYTES = 16 * 1024 * 1024
"""So much of a body, or twice its limit, is still read where it is too large: who is cut off while sending never learns
why."""

MOST_VALUES = 10_000
"""More than a world of a hundred characters has. Small values cost far more time and memory than their bytes say, and
every other caller waits meanwhile."""


async def read(request: Request, model: type[M], *, limit: int) -> tuple[M, dict[str, Any]]:
    """The body as `model`, and as it was sent. Raises Problem 400, 413, 415 or 422, or ValidationError."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Problem(415, "The body must be application/json.")
    sent = parsed(await _bytes(request, limit))
    return model.model_validate(sent), sent


async def _bytes(request: Request, limit: int) -> bytes:
    declared, most = request.headers.get("content-length", ""), max(DISCARDED_BYTES, 2 * limit)
    if declared.isdigit() and int(declared) > (limit if "expect" in request.headers else most):
        raise _too_large(limit)
    body, length = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                length += len(chunk)
                if length <= limit:
                    body += chunk
                elif length > most:
                    break
    except TimeoutError:
        raise Problem(408, "The body took too long to come.", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, "The body ended too early.") from None
    if length > limit:
        raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> Problem:
    # There may be a rest that is not read, so that the connection cannot serve another request.
    return Problem(413, f"The body must have at most {limit} bytes.", headers={"Connection": "close"})


def _has_many_values(body: bytes) -> bool:
    """Whether JSON has more than MOST_VALUES values, by the commas between them: it is not read."""
    if body.count(b",") < MOST_VALUES:
        return False
    bare = body.replace(rb"\\", b"").replace(rb"\"", b"")
    if bare.count(b'"') > 4 * MOST_VALUES:  # a name and a text for each value
        return True
    return sum(outside.count(b",") for outside in bare.split(b'"')[::2]) >= MOST_VALUES


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object that these bytes are. Raises Problem 400 or 422."""
    if _has_many_values(body):
        raise Problem(422, f"The body must have at most {MOST_VALUES} values.")
    try:
        sent = json.loads(body.decode(), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not valid JSON.") from None
    if not isinstance(sent, dict):
        raise Problem(422, "The body must be a JSON object.")
    try:
        json.dumps(sent, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        field = next((name for name, value in sent.items() if not _is_unicode([name, value])), "body")
        raise field_problem(field if _is_unicode(field) else "body", "must be valid Unicode") from None
    return sent


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
