"""`Range` and `If-Range` (RFC 9110, section 14): which part of a file is asked for."""

import re

from starlette.requests import Request

# More digits than these are nobody's file.
_ONE_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,30})-([0-9]{0,30})|-([0-9]{1,30}))[ \t]*", re.IGNORECASE)


class NotSatisfiable(Exception):
    """No byte of the file is in the range: to be answered with 416."""


def asked_range(request: Request, *, size: int, tag: str) -> range | None:
    """The bytes that are asked for, of a file with this size and strong entity tag; None is the whole file.

    The whole file is always a right answer: to what is malformed, to another unit, to several ranges at once, and
    where the caller has a part of another file (`If-Range`). Raises NotSatisfiable.
    """
    headers = request.headers.getlist("range")
    found = _ONE_RANGE.fullmatch(headers[0]) if request.method == "GET" and len(headers) == 1 else None
    if found is None or request.headers.get("if-range", f'"{tag}"').strip() != f'"{tag}"':
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return _part(max(size - int(suffix), 0), size, size)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return None
    return _part(int(first), end, size)


def _part(start: int, end: int, size: int) -> range | None:
    if start < end:
        return range(start, end)
    if size == 0 and start == 0:
        return None
    raise NotSatisfiable
