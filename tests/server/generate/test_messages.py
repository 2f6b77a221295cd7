import json
from pathlib import Path
from typing import Any

import pytest

from server.generate.messages import (
    Goodbye,
    Message,
    Missing,
    News,
    Trouble,
    Unintelligible,
    read_frame,
    read_job,
    read_poll,
    subscribe,
)
from storage.records.ids import JobId

VECTORS = json.loads((Path(__file__).parents[3] / "docs" / "protocol-vectors.json").read_text())
ID = JobId("0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55")


@pytest.mark.parametrize("vector", VECTORS["records"], ids=lambda vector: vector["name"])
def test_every_record_of_the_protocol_is_read(vector: dict[str, Any]) -> None:
    record = vector["record"]
    message = read_frame(json.dumps({"type": "job", "job": record}))
    assert isinstance(message, News)
    assert message.job == read_job(json.dumps(record))
    assert message.job.final is vector["final"]
    assert (message.job.id, message.job.version, message.job.status) == (
        record["id"],
        record["version"],
        record["status"],
    )


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"type": "unknown", "job": ID, "expired": False}, Missing(ID, expired=False)),
        ({"type": "unknown", "job": ID, "expired": True}, Missing(ID, expired=True)),
        ({"type": "error", "code": "unavailable", "message": "Later."}, Trouble("Later.")),
        ({"type": "goodbye", "retry_after_ms": 1500}, Goodbye(1.5)),
        ({"type": "hello", "ping_interval_ms": 25000, "retry_window_ms": 5000, "max_jobs": 256}, None),
        ({"type": "subscribed", "jobs": [ID]}, None),
        ({"type": "ping"}, None),
        ({"type": "a word of a later version"}, None),
    ],
)
def test_what_else_is_said_is_read_or_passed_over(frame: dict[str, object], message: Message | None) -> None:
    assert read_frame(json.dumps(frame)) == message


def test_fields_of_a_later_version_are_passed_over() -> None:
    record = {**VECTORS["records"][0]["record"], "mood": "sunny"}
    assert read_job(json.dumps(record)) == read_job(json.dumps(VECTORS["records"][0]["record"]))


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        "<html>",
        '{"type":"job"}',
        '{"type":"job","job":{"id":1}}',
        '{"type":"goodbye","retry_after_ms":"soon"}',
    ],
)
def test_what_no_limner_says_is_told_apart(frame: str) -> None:
    with pytest.raises(Unintelligible):
        read_frame(frame)


def test_a_poll_says_the_same_as_the_frames() -> None:
    record = VECTORS["records"][0]["record"]
    lost, gone = "c1a6f3d2-4b5e-4f60-8a7b-9c0d1e2f3a4b", "5f0c2b7e-8a34-4c1d-9b1e-6f2f6a0d9c11"
    answer = {"jobs": [record], "unknown": [lost, gone], "expired": [gone]}
    assert read_poll(json.dumps(answer)) == [
        News(read_job(json.dumps(record))),
        Missing(JobId(lost), expired=False),
        Missing(JobId(gone), expired=True),
    ]


@pytest.mark.parametrize("answer", ["[]", "{}", '{"jobs":[{}],"unknown":[]}', '{"jobs":[],"unknown":7}'])
def test_a_poll_that_is_none_is_told_apart(answer: str) -> None:
    with pytest.raises(Unintelligible):
        read_poll(answer)


def test_subscribing_names_the_versions() -> None:
    assert json.loads(subscribe({ID: 7})) == {"type": "subscribe", "jobs": {ID: 7}}
