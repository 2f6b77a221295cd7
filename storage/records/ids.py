"""Ids, of jobs and of everything else that has one: UUIDs of version 4, in their canonical lower-case form."""

import re
import uuid
from typing import NewType

JobId = NewType("JobId", str)

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_job_id() -> JobId:
    return JobId(new_id())


def new_id() -> str:
    return str(uuid.uuid4())


def parse_id(text: str) -> str:
    """The id that `text` is. Capitals are accepted, since RFC 9562 section 4 says that input may have them.

    Raises ValueError for everything else, other versions of UUID included.
    """
    lowered = text.lower()
    if _CANONICAL.fullmatch(lowered) is None:
        raise ValueError("must be a UUID of version 4")
    return lowered


def parse_job_id(text: str) -> JobId:
    """The same of a job."""
    return JobId(parse_id(text))


def short(job_id: str) -> str:
    """What of an id may stand in a log: the id is the capability to watch, eight characters of it are not."""
    return job_id[:8]
