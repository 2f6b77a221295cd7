import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records.ids import new_job_id, parse_job_id, short


def test_new_ids_are_canonical_and_differ() -> None:
    ids = {new_job_id() for _ in range(100)}

    assert len(ids) == 100
    assert {parse_job_id(id_) for id_ in ids} == ids


@given(st.uuids(version=4))
def test_every_uuid_of_version_4_is_an_id_in_capitals_too(given_id: uuid.UUID) -> None:
    assert parse_job_id(str(given_id)) == parse_job_id(str(given_id).upper()) == str(given_id)


@given(st.uuids().filter(lambda given_id: given_id.version != 4))
def test_no_other_uuid_is_an_id(given_id: uuid.UUID) -> None:
    with pytest.raises(ValueError, match="UUID of version 4"):
        parse_job_id(str(given_id))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0b8b8b0e3c0f4d8e9a702d4c3b1f6a55",
        "{0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55}",
        "urn:uuid:0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55",
        "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55\n",
        " 0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55",
        "0b8b8b0e-3c0f-4d8e-ca70-2d4c3b1f6a55",
        "٠b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55",
    ],
)
def test_no_other_text_is_an_id(text: str) -> None:
    with pytest.raises(ValueError, match="UUID of version 4"):
        parse_job_id(text)


def test_a_log_gets_eight_characters_of_an_id() -> None:
    assert short("0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55") == "0b8b8b0e"
