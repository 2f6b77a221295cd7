import json
from collections.abc import Generator
from typing import Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from server.hub.messages import (
    PING,
    PONG,
    PROTOCOL_PING,
    UNAVAILABLE,
    BadMessage,
    Ping,
    Subscribe,
    Unsubscribe,
    error,
    frame,
    goodbye,
    hello,
    job_frame,
    parse,
    parse_query,
    subscribed,
    unknown,
)
from storage.records.ids import JobId

A = JobId("0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55")
B = JobId("c1a6f3d2-4b5e-4f60-8a7b-9c0d1e2f3a4b")
NOTHING = b"0" * 16


def read(data: bytes) -> Frame:
    """The frame that another implementation reads from these bytes."""
    stream = StreamReader()
    stream.feed_data(data)
    parsing: Generator[None, None, Frame] = Frame.parse(stream.read_exact, mask=False)
    try:
        next(parsing)
    except StopIteration as end:
        assert stream.at_eof() is not None
        result: Frame = end.value
        return result
    raise AssertionError("the frame says that more bytes belong to it")


def said(data: bytes) -> Any:
    return json.loads(bytes(read(data).data))


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_a_frame_of_any_length_is_read_by_another_implementation(length: int) -> None:
    payload = bytes(index % 251 for index in range(length))
    found = read(frame(payload))
    assert (found.opcode, found.fin, bytes(found.data)) == (Opcode.TEXT, True, payload)


def test_a_record_passes_into_its_frame_as_it_was_written() -> None:
    record = '{"version":1763612345678901,"stage":"«é»" , "result":{}}'.encode()
    assert bytes(read(job_frame(record)).data) == b'{"type":"job","job":' + record + b"}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            hello(ping_interval=25, retry_window=5, max_jobs=256),
            {"type": "hello", "ping_interval_ms": 25_000, "retry_window_ms": 5_000, "max_jobs": 256},
        ),
        (unknown(A, expired=False), {"type": "unknown", "job": A, "expired": False}),
        (unknown(A, expired=True), {"type": "unknown", "job": A, "expired": True}),
        (subscribed([A, B]), {"type": "subscribed", "jobs": [A, B]}),
        (error("bad_field", "No «that»."), {"type": "error", "code": "bad_field", "message": "No «that»."}),
        (goodbye(1.5), {"type": "goodbye", "retry_after_ms": 1_500}),
        (PING.removeprefix(PROTOCOL_PING), {"type": "ping"}),
        (PONG, {"type": "pong"}),
    ],
)
def test_what_the_server_says_is_one_json_object_a_frame(data: bytes, message: dict[str, object]) -> None:
    assert said(data) == message


def test_a_ping_is_the_protocols_and_one_that_a_page_can_see() -> None:
    assert (read(PROTOCOL_PING).opcode, read(PROTOCOL_PING).data) == (Opcode.PING, b"")
    assert PING.startswith(PROTOCOL_PING)


def test_an_unreachable_store_is_an_error_with_a_code_of_its_own() -> None:
    assert said(UNAVAILABLE)["type"] == "error"
    assert said(UNAVAILABLE)["code"] == "unavailable"


def test_subscribing_names_each_job_with_the_version_that_was_seen() -> None:
    text = json.dumps({"type": "subscribe", "jobs": {A: 1_763_612_345_678_901, B: 0}})
    assert parse(text) == Subscribe({A: b"1763612345678901", B: NOTHING})


def test_an_id_in_capitals_means_the_same_job() -> None:
    assert parse(json.dumps({"type": "subscribe", "jobs": {A.upper(): 7}})) == Subscribe({A: b"%016d" % 7})
    assert parse(json.dumps({"type": "unsubscribe", "jobs": [A.upper()]})) == Unsubscribe((A,))


def test_unsubscribing_names_jobs_and_may_name_none() -> None:
    assert parse(json.dumps({"type": "unsubscribe", "jobs": [A, B]})) == Unsubscribe((A, B))
    assert parse('{"type":"unsubscribe","jobs":[]}') == Unsubscribe(())


def test_a_ping_has_no_more_fields() -> None:
    assert parse(' {"type" : "ping"} ') == Ping()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ("null", "not_json"),
        ("[]", "not_json"),
        ("NaN", "not_json"),
        ('"ping"', "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"type":"ping"}{"type":"ping"}', "not_json"),
        ('{"type":"subscribe","jobs":{"' + A + '":' + "9" * 5_000 + "}}", "not_json"),
        ("{}", "unknown_type"),
        ('{"type":null}', "unknown_type"),
        ('{"type":["ping"]}', "unknown_type"),
        ('{"type":"PING"}', "unknown_type"),
        ('{"type":"pong"}', "unknown_type"),
        ('{"type":"job"}', "unknown_type"),
        ('{"type":"ping","x":1}', "bad_field"),
        ('{"type":"subscribe"}', "bad_field"),
        ('{"type":"subscribe","jobs":null}', "bad_field"),
        ('{"type":"subscribe","jobs":{}}', "bad_field"),
        ('{"type":"subscribe","jobs":["' + A + '"]}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":0},"since":1}', "bad_field"),
        ('{"type":"subscribe","jobs":{"nonsense":0}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"\\ud800":0}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":null}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":"0"}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":true}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":1.0}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":NaN}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":-1}}', "bad_field"),
        ('{"type":"subscribe","jobs":{"' + A + '":10000000000000000}}', "bad_field"),
        ('{"type":"unsubscribe"}', "bad_field"),
        ('{"type":"unsubscribe","jobs":"' + A + '"}', "bad_field"),
        ('{"type":"unsubscribe","jobs":{"' + A + '":0}}', "bad_field"),
        ('{"type":"unsubscribe","jobs":[1]}', "bad_field"),
        ('{"type":"unsubscribe","jobs":["nonsense"]}', "bad_field"),
    ],
)
def test_a_bad_message_is_refused_with_a_code_and_a_sentence(text: str, code: str) -> None:
    with pytest.raises(BadMessage) as refusal:
        parse(text)
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")


def test_the_url_subscribes_from_the_beginning_and_each_bad_id_is_complained_of() -> None:
    wanted, complaints = parse_query([A, "nonsense", B.upper(), A, ""])
    assert wanted == Subscribe({A: NOTHING, B: NOTHING})
    assert [complaint.code for complaint in complaints] == ["bad_field", "bad_field"]
    assert "nonsense" not in complaints[0].message
