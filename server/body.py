"""Reading a request's JSON: of the right type, not too large, valid Unicode, and of the model asked for."""

import asyncio
import json
import math
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from server.problems import RETRY_SECONDS, Problem, field_problem

M = TypeVar("M", bound=BaseModel)

BODY_SECONDS = 30.0
DISCARDED_BYTES = 16 * 1024 * 1024
"""So much of a body, or twice its limit, is still read where it is too large: who is cut off while sending never learns
why."""

MOST_VALUES = 10_000
"""More than a world of a hundred characters has. Small values cost far more time and memory than their bytes say, and
every other caller waits meanwhile."""

SMALL_BYTES = 64 * 1024
"""A body of so many needs no room."""
HELD_BYTES = 256 * 1024 * 1024


class Room:
    """How much of large bodies this process holds while they come: anybody may send many at once, and slowly."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def take(self, size: int, *, limit: int) -> bool:
        """Whether there is room; where a single body may be larger, for as much as that."""
        if self.held + size > max(self._most, limit):
            return False
        self.held += size
        return True


ROOM = Room(HELD_BYTES)


async def read(request: Request, model: type[M], *, limit: int) -> tuple[M, dict[str, Any]]:
    """The body as `model`, and as it was sent. Raises Problem 400, 408, 413, 415, 422 or 503, or ValidationError."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Problem(415, "The body must be application/json.")
    sent = parsed(await received(request, limit))
    return model.model_validate(sent), sent


async def received(request: Request, limit: int, room: Room = ROOM) -> bytes:
    """The whole body. Raises Problem 400, 408, 413, and 503 where there is no room for it."""
    declared, most = request.headers.get("content-length", ""), max(DISCARDED_BYTES, 2 * limit)
    if declared.isdigit() and int(declared) > (limit if "expect" in request.headers else most):
        raise _too_large(limit)
    body, length, taken, crowded = bytearray(), 0, 0, False
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                length += len(chunk)
                if length > most:
                    break
                if length > limit or crowded:
                    continue
                if length > SMALL_BYTES:
                    if not room.take(len(chunk), limit=limit):
                        crowded, body = True, bytearray()
                        continue
                    taken += len(chunk)
                body += chunk
    except TimeoutError:
        raise Problem(408, "The body took too long to come.", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(400, "The body ended too early.") from None
    finally:
        room.held -= taken
    if length > limit:
        raise _too_large(limit)
    if crowded:
        raise Problem(
            503,
            "The server is just taking in as many large bodies as it has room for.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
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
