"""What is said on a socket: text to messages, messages to bytes. Pure.

The words are those of docs/protocol.md. What is sent is framed once (RFC 6455, section 5.2) and handed to as many
sockets as want it: a server's frames are not masked, so they are the same bytes for all.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from storage.records.encoding import NO_VERSION, version_digits
from storage.records.ids import JobId, parse_job_id

JOB_BYTES = len('{"type":"job","job":}')


class BadMessage(Exception):
    """A message that is refused. `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Watch; each id with the version that the client has, or NO_VERSION."""

    jobs: Mapping[JobId, bytes]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    jobs: tuple[JobId, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    pass


Message = Subscribe | Unsubscribe | Ping


def parse(text: str) -> Message:
    """Read what a client sent. Raises BadMessage."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("not_json", "A message is one JSON object.") from None
    if not isinstance(message, dict):
        raise BadMessage("not_json", "A message is one JSON object.")
    match message.get("type"):
        case "subscribe":
            return Subscribe(_versions(_only(message, "jobs")))
        case "unsubscribe":
            return Unsubscribe(_ids(_only(message, "jobs")))
        case "ping":
            _only(message, None)
            return Ping()
        case _:
            raise BadMessage("unknown_type", "«type» must be subscribe, unsubscribe or ping.")


def parse_query(values: Iterable[str]) -> tuple[Subscribe, list[BadMessage]]:
    """What the URL subscribes to, and a complaint for each `?job=` that is no id."""
    jobs: dict[JobId, bytes] = {}
    complaints = []
    for value in values:
        try:
            jobs[parse_job_id(value)] = NO_VERSION
        except ValueError as error:
            complaints.append(BadMessage("bad_field", f"«job» in the URL {error}."))
    return Subscribe(jobs), complaints


def _only(message: dict[str, Any], field: str | None) -> Any:
    unknown = set(message) - {"type", field}
    if unknown:
        raise BadMessage("bad_field", "There are fields that this message does not have.")
    if field is not None and field not in message:
        raise BadMessage("bad_field", f"«{field}» is missing.")
    return message.get(field) if field is not None else None


def _versions(jobs: Any) -> dict[JobId, bytes]:
    if not isinstance(jobs, dict) or not jobs:
        raise BadMessage("bad_field", "«jobs» must be an object of ids and versions, with at least one.")
    versions = {}
    for job_id, version in jobs.items():
        if type(version) is not int:
            raise BadMessage("bad_field", "Each version in «jobs» must be an integer, 0 if there is none.")
        try:
            versions[parse_job_id(job_id)] = version_digits(version)
        except ValueError as error:
            raise BadMessage("bad_field", f"«jobs»: an id or version {error}.") from None
    return versions


def _ids(jobs: Any) -> tuple[JobId, ...]:
    if not isinstance(jobs, list) or not all(isinstance(job_id, str) for job_id in jobs):
        raise BadMessage("bad_field", "«jobs» must be an array of ids.")
    try:
        return tuple(parse_job_id(job_id) for job_id in jobs)
    except ValueError as error:
        raise BadMessage("bad_field", f"«jobs»: an id {error}.") from None


def head(length: int) -> bytes:
    """What stands before the payload of a text message that is one frame."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


def frame(payload: bytes) -> bytes:
    """A text message in one frame."""
    return head(len(payload)) + payload


def job_frame(record_json: bytes) -> bytes:
    """The event itself. The record's JSON passes as it was written."""
    return _job_begins(len(record_json)) + record_json + b"}"


@lru_cache(maxsize=4096)
def _job_begins(record_bytes: int) -> bytes:
    # Records have few lengths, and this stands in the way of every event.
    return head(record_bytes + JOB_BYTES) + b'{"type":"job","job":'


def hello(ping_interval: float, retry_window: float, max_jobs: int) -> bytes:
    return _said(
        "hello",
        ping_interval_ms=int(ping_interval * 1000),
        retry_window_ms=int(retry_window * 1000),
        max_jobs=max_jobs,
    )


def unknown(job_id: JobId, *, expired: bool) -> bytes:
    return _said("unknown", job=job_id, expired=expired)


def subscribed(job_ids: Iterable[JobId]) -> bytes:
    return _said("subscribed", jobs=list(job_ids))


def error(code: str, message: str) -> bytes:
    return _said("error", code=code, message=message)


def goodbye(retry_after: float) -> bytes:
    return _said("goodbye", retry_after_ms=int(retry_after * 1000))


def _said(kind: str, **fields: object) -> bytes:
    return frame(json.dumps({"type": kind, **fields}, separators=(",", ":")).encode())


PROTOCOL_PING = b"\x89\x00"
PING = PROTOCOL_PING + _said("ping")
"""Two frames: the protocol's, which the peer answers by itself, and ours, which its page can see."""
PONG = _said("pong")
UNAVAILABLE = error("unavailable", "The server cannot reach its store; everything follows when it can.")
