"""How a record stands in Redis and travels on its channel: 16 digits of version, one letter, then the JSON.

The letter is `a` for a job that is active and `f` for one that is final, so that whoever passes a record on need not
read it. The version is put in by the script that stores the record: only there is it known.
"""

from storage.errors import RecordTooLarge
from storage.records.job import Job

VERSION_DIGITS = 16
HEADER = VERSION_DIGITS + 1
RECORD_BYTES = 32 * 1024
SPARE_BYTES = 1024
"""What a run leaves free of its record: whatever becomes of the job has room then, and the words that say why."""
NO_VERSION = b"0" * VERSION_DIGITS

VERSION_PLACEHOLDER = "{version}"
"""Stands in a result for the version that the record is going to have."""

FINAL_LETTER = ord("f")
GONE_LETTER = ord("x")
"""On the channel only: the job was removed, and there is no record any more."""


def encode_body(job: Job, *, spare: int = 0) -> bytes:
    """The record's JSON after its version: what a script completes, stores and publishes.

    Raises RecordTooLarge for one that does not leave `spare` bytes of its limit free.
    """
    body = b"," + job.model_dump_json(exclude={"version"}).encode()[1:]
    if len(body) + 64 > RECORD_BYTES - spare:
        raise RecordTooLarge(len(body), RECORD_BYTES - spare)
    return body


def split_at_version(job: Job, body: bytes) -> tuple[bytes, bytes]:
    """The body in two parts, with the version to stand between them where the result's address ends in it."""
    if job.result is None or not str(job.result.get("url", "")).endswith(VERSION_PLACEHOLDER):
        return body, b""
    # The last one: the result stands after everything that a stranger may have written into the record.
    head, _, tail = body.rpartition(VERSION_PLACEHOLDER.encode())
    return head, tail


def decode(record: bytes) -> Job:
    return Job.model_validate_json(record[HEADER:])


def version_of(record: bytes) -> bytes:
    """The version as 16 digits. They are all of one length, so that bytes compare as the numbers do."""
    return record[:VERSION_DIGITS]


def is_final(record: bytes) -> bool:
    return record[VERSION_DIGITS] == FINAL_LETTER


def is_gone(message: bytes) -> bool:
    return message[VERSION_DIGITS] == GONE_LETTER


def json_of(record: bytes) -> bytes:
    return record[HEADER:]


def version_digits(version: int) -> bytes:
    """A version as a client names it, in the form in which records carry it. Raises ValueError beyond 16 digits."""
    digits = b"%016d" % version
    if version < 0 or len(digits) > VERSION_DIGITS:
        raise ValueError("must be a version")
    return digits
