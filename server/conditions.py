"""The headers that ask for an answer on conditions: `If-None-Match` (RFC 9110) and `Prefer: wait` (RFC 7240)."""

import re

from starlette.requests import Request

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)


def wait_seconds(request: Request, *, most: float) -> float:
    """How long the caller would wait for the answer it wants; 0 where it would not."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(float(found[1]), most) if found else 0.0


def known_tags(request: Request) -> set[str]:
    """The entity tags that the caller has, without their quotes. Weak comparison: `W/` does not matter."""
    header = ",".join(request.headers.getlist("if-none-match"))
    return {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",") if tag.strip()}


def matches(request: Request, tag: str) -> bool:
    tags = known_tags(request)
    return tag in tags or "*" in tags
