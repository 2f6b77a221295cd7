"""Jobs as lines for a terminal."""

from datetime import datetime
from typing import Any

import pytest

from server.jobs_command.lines import about, age, details, table

NOW = datetime.fromisoformat("2026-11-20T10:01:05Z")


def job(**fields: Any) -> dict[str, Any]:
    given = {
        "id": "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55",
        "kind": "portrait",
        "status": "queued",
        "attempt": 1,
        "created_at": "2026-11-20T10:00:00.000Z",
        "stage": None,
        "progress": 0.0,
        "queue_position": None,
        "error": None,
    }
    return {**given, **fields}


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    one, other = job(owner="key:anna"), job(kind="characters", owner="session:0a1b2c3d", stage="it is busy")
    assert table([one, other], NOW) == [
        "ID                                    KIND        STATUS  ATTEMPT  AGE    OWNER",
        "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55  portrait    queued  1        1 min  key:anna",
        "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55  characters  queued  1        1 min  session:0a1b2c3d  it is busy",
    ]


def test_where_no_owner_is_told_there_is_no_column_for_it() -> None:
    assert table([job()], NOW)[0].split() == ["ID", "KIND", "STATUS", "ATTEMPT", "AGE"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"queue_position": 3}, "number 3"),
        ({"queue_position": 3, "stage": "waiting"}, "number 3, waiting"),
        ({"status": "processing", "progress": 0.426, "stage": "painting"}, "42%, painting"),
        ({"status": "processing", "progress": 0.999, "stage": "last lights"}, "99%, last lights"),
        ({"status": "failed", "error": {"code": "lost", "message": "It was lost."}}, "lost: It was lost."),
    ],
)
def test_a_line_says_where_the_job_stands(fields: dict[str, Any], words: str) -> None:
    assert about(job(**fields)) == words


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-11-20T10:01:06.000Z", "0 s"),
        ("2026-11-20T10:00:06.000Z", "59 s"),
        ("2026-11-20T10:00:05.000Z", "1 min"),
        ("2026-11-20T07:02:00.000Z", "2 h"),
        ("2026-11-17T10:00:00.000Z", "3 d"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(time: str, words: str) -> None:
    assert age(time, NOW) == words


def test_details_leave_out_what_says_nothing() -> None:
    lines = details(
        job(
            version=7,
            progress=0.426,
            preview="data:",
            result={"url": "/x", "characters": [{}, {}]},
            metadata={"of": {"deep": 1}},
        )
    )
    assert "result      url: /x, characters: 2" in lines
    assert "metadata    of: deep: 1" in lines
    assert "progress    42%" in lines
    assert not any(line.startswith(("version", "preview", "stage")) for line in lines)
