"""Answers made of records. Their JSON passes through as the worker wrote it."""

from collections.abc import Iterable, Mapping

from starlette.responses import Response

from storage.records.encoding import is_final, json_of, version_of
from storage.stored import Stored

POLL_SECONDS = 3
"""How long to wait before asking again, for those who poll."""


WAITED = {"Preference-Applied": "wait"}
"""RFC 7240, section 3. Who asked to wait and is answered without it did not find room to."""


def etag_of(record: bytes) -> str:
    return version_of(record).lstrip(b"0").decode() or "0"


def quoted(tag: str) -> str:
    return f'"{tag}"'


def job(record: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """One job, with its version as entity tag."""
    return Response(
        json_of(record), status, media_type="application/json", headers={**job_headers(record), **(headers or {})}
    )


def job_headers(record: bytes) -> dict[str, str]:
    headers = {"ETag": quoted(etag_of(record)), "Cache-Control": "no-cache"}
    if not is_final(record):
        headers["Retry-After"] = str(POLL_SECONDS)
    return headers


def jobs(found: Iterable[Stored]) -> bytes:
    """A JSON array of jobs."""
    return b"[" + b",".join(json_of(stored.record) for stored in found if stored.record is not None) + b"]"
