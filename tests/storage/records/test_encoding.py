import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import RecordTooLarge
from storage.records.encoding import (
    HEADER,
    RECORD_BYTES,
    VERSION_PLACEHOLDER,
    decode,
    encode_body,
    is_final,
    is_gone,
    json_of,
    split_at_version,
    version_digits,
    version_of,
)
from storage.records.job import Job, Status
from tests.support.job_states import ERROR, NOON, done, running

QUEUED = Job(id="0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55", kind="portrait", created_at=NOON)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.none() | st.dictionaries(TEXTS, VALUES, max_size=4)
JOBS = st.builds(
    Job,
    id=st.uuids(version=4).map(str),
    kind=TEXTS,
    status=st.sampled_from(Status),
    attempt=st.integers(0, 100),
    progress=st.floats(0, 1),
    stage=st.none() | TEXTS,
    created_at=st.just(NOON),
    metadata=OBJECTS,
    result=OBJECTS,
    error=st.none() | st.just(ERROR),
)


def stored(job: Job, version: int) -> bytes:
    """The record as the scripts put it together."""
    digits = b"%d" % version
    body, tail = split_at_version(job, encode_body(job))
    if tail:
        body += digits + tail
    return digits + (b"f" if job.final else b"a") + b'{"version":' + digits + body


@given(JOBS, st.integers(10**15, 2**53))
def test_what_was_encoded_is_decoded(job: Job, version: int) -> None:
    record = stored(job, version)

    assert decode(record) == job.model_copy(update={"version": version})
    assert version_of(record) == b"%d" % version == version_digits(version)
    assert is_final(record) == job.final
    assert not is_gone(record)
    assert json.loads(json_of(record))["version"] == version


def test_the_header_is_sixteen_digits_and_a_letter() -> None:
    record = stored(QUEUED, 1763612345678901)

    assert record[:HEADER] == b"1763612345678901a"
    assert is_gone(b"1763612345678901x")


@given(OBJECTS)
def test_the_address_of_a_picture_ends_in_the_version_whatever_a_stranger_wrote(
    metadata: dict[str, Any] | None,
) -> None:
    spoiled = {**(metadata or {}), VERSION_PLACEHOLDER: [VERSION_PLACEHOLDER, {"url": VERSION_PLACEHOLDER}]}
    job = done(running(QUEUED.model_copy(update={"metadata": spoiled})))

    decoded = decode(stored(job, 1763612345678901))

    assert decoded.metadata == spoiled
    assert decoded.result == {"url": f"/temp-portraits/{job.id}/image?v=1763612345678901"}


@pytest.mark.parametrize(
    "result", [None, {}, {"characters": [VERSION_PLACEHOLDER]}, {"url": VERSION_PLACEHOLDER + "x"}]
)
def test_a_record_without_such_an_address_is_left_whole(result: dict[str, Any] | None) -> None:
    job = QUEUED.model_copy(update={"result": result})

    assert split_at_version(job, encode_body(job)) == (encode_body(job), b"")


def test_a_record_over_its_limit_is_refused() -> None:
    with pytest.raises(RecordTooLarge, match="over the limit of 32768"):
        encode_body(QUEUED.model_copy(update={"stage": "x" * RECORD_BYTES}))


def test_a_record_that_is_accepted_is_within_the_limit_with_its_version() -> None:
    fits = RECORD_BYTES - len(encode_body(QUEUED)) - 64
    job = QUEUED.model_copy(update={"stage": "x" * (fits + len("null") - len('""'))})

    assert len(stored(job, 1763612345678901)) <= RECORD_BYTES


@pytest.mark.parametrize("version", [-1, 10**16])
def test_no_other_number_is_a_version(version: int) -> None:
    with pytest.raises(ValueError, match="must be a version"):
        version_digits(version)


def test_a_record_of_a_newer_version_is_read_without_what_is_not_known_here() -> None:
    newer = {**QUEUED.model_dump(mode="json"), "votes": 3}
    assert decode(b"%016da" % 0 + json.dumps(newer).encode()) == QUEUED
