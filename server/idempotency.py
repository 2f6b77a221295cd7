"""The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header)."""

import re

from starlette.requests import Request

from server.problems import Problem, field_problem

HEADER = "Idempotency-Key"
MOST_CHARACTERS = 255

_KEY = re.compile(rf"[\x20-\x7e]{{1,{MOST_CHARACTERS}}}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')


def key_of(request: Request) -> str | None:
    """The key, or none where the header was not sent. Raises Problem 422, which names the header.

    The draft has it in quotes, as a string of RFC 8941, and many clients leave them out: both are the same key.
    """
    sent = request.headers.getlist(HEADER)
    if not sent:
        return None
    if len(sent) > 1:
        raise key_problem("must be sent once")
    key = sent[0].strip()
    quoted = _QUOTED.fullmatch(key)
    if quoted is not None:
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    if not _KEY.fullmatch(key):
        raise key_problem(f"must have 1 to {MOST_CHARACTERS} printable ASCII characters")
    return key


def key_problem(message: str, status: int = 422) -> Problem:
    return field_problem(HEADER, message, status)
