"""The page of the protocol and its examples, held against the code."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.hub import messages
from server.hub.codes import CloseCode, comes_again
from server.hub.messages import Ping, Subscribe, Unsubscribe
from server.hub.subscription import Inquiry, Subscription
from storage.records.encoding import NO_VERSION, decode, encode_body, is_final, json_of
from storage.records.ids import JobId, new_job_id, parse_job_id
from storage.records.job import ErrorCode, Job, Status
from tests.server.support.listener import Listener
from tests.server.support.player import Player
from tests.server.support.records import A, digits, event

DOCS = Path(__file__).resolve().parents[2] / "docs"
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((DOCS / "protocol-vectors.json").read_text())
PAGE = (DOCS / "protocol.md").read_text()


def named(example: dict[str, Any]) -> str:
    return str(example.get("name") or json.dumps(example)[:60])


@pytest.mark.parametrize("example", VECTORS["records"], ids=named)
def test_a_record_of_the_examples_is_one_of_ours(example: dict[str, Any]) -> None:
    record = example["record"]
    job = Job.model_validate(record)
    assert job.model_dump(mode="json") == record
    assert job.final is example["final"]
    assert list(Job.model_fields) == list(record)


@pytest.mark.parametrize("example", VECTORS["records"], ids=named)
def test_a_record_of_the_examples_travels_unchanged(example: dict[str, Any]) -> None:
    record = example["record"]
    job = Job.model_validate(record)
    letter = b"f" if example["final"] else b"a"
    stored = digits(job.version) + letter + b'{"version":%d' % job.version + encode_body(job)
    assert json.loads(json_of(stored)) == record
    assert (decode(stored), is_final(stored)) == (job, example["final"])


@pytest.mark.parametrize("example", VECTORS["versions"], ids=named)
def test_a_client_that_comes_back_is_sent_what_the_examples_say(example: dict[str, Any]) -> None:
    listener = Listener()
    subscription = Subscription(listener, A, NO_VERSION)
    subscription.ask(Inquiry(listener, [A]), digits(example["client"]))
    subscription.read_begins()
    subscription.on_snapshot(event(A, example["store"]), expired=False)
    assert (example["store"] in listener.heard) is example["sent"]


@pytest.mark.parametrize("example", VECTORS["live_versions"], ids=named)
def test_a_live_event_is_passed_on_as_the_examples_say(example: dict[str, Any]) -> None:
    listener = Listener()
    subscription = Subscription(listener, A, NO_VERSION)
    subscription.ask(Inquiry(listener, [A]), NO_VERSION)
    subscription.read_begins()
    subscription.on_snapshot(event(A, example["shown"]), expired=False)
    subscription.on_event(event(A, example["event"]))
    assert (example["event"] in listener.heard[2:]) is example["taken"]


def said(example: dict[str, Any]) -> bytes:
    """What the server says where the example is what it is to say."""
    match example["type"]:
        case "hello":
            return messages.hello(
                example["ping_interval_ms"] / 1000, example["retry_window_ms"] / 1000, example["max_jobs"]
            )
        case "job":
            return messages.job_frame(Job.model_validate(example["job"]).model_dump_json().encode())
        case "unknown":
            return messages.unknown(JobId(example["job"]), expired=example["expired"])
        case "subscribed":
            return messages.subscribed(map(JobId, example["jobs"]))
        case "error":
            return messages.error(example["code"], example["message"])
        case "ping":
            return messages.PING
        case "pong":
            return messages.PONG
        case "goodbye":
            return messages.goodbye(example["retry_after_ms"] / 1000)
    raise AssertionError(f"the server does not say {example}")


@pytest.mark.parametrize("example", VECTORS["server_messages"], ids=named)
def test_what_the_server_says_is_what_the_examples_say(example: dict[str, Any]) -> None:
    frame = said(example)
    assert json.loads(frame[frame.index(b"{") :]) == example


@pytest.mark.parametrize("example", VECTORS["client_messages"], ids=named)
def test_what_a_client_says_is_understood(example: dict[str, Any]) -> None:
    match messages.parse(json.dumps(example)):
        case Subscribe(jobs):
            assert {job_id: int(version) for job_id, version in jobs.items()} == example["jobs"]
        case Unsubscribe(gone):
            assert list(gone) == example["jobs"]
        case Ping():
            assert example == {"type": "ping"}


def test_the_close_codes_of_the_examples_are_ours() -> None:
    ours = [{"code": int(code), "name": code.name, "reconnect": comes_again(code)} for code in CloseCode]
    assert VECTORS["close_codes"] == ours


@pytest.mark.parametrize("example", VECTORS["reconnect"], ids=named)
def test_after_other_codes_a_client_does_as_the_examples_say(example: dict[str, Any]) -> None:
    assert comes_again(example["code"]) is example["reconnect"]


@pytest.mark.parametrize("example", VECTORS["ids"], ids=named)
def test_ids_are_read_as_the_examples_say(example: dict[str, Any]) -> None:
    try:
        found: str | None = parse_job_id(example["text"])
    except ValueError:
        found = None
    assert found == example["id"]


def test_the_page_has_the_table_of_close_codes() -> None:
    table = re.findall(r"^\| (\d{4}) \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert table == [(str(int(code)), code.name) for code in CloseCode]


def test_the_page_names_all_fields_statuses_and_codes() -> None:
    fields = {name for row in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, re.MULTILINE) for name in row.split("`")}
    assert set(Job.model_fields) <= fields
    for word in [*Status, *ErrorCode, *sorted(_codes_of_bad_messages())]:
        assert f"`{word}`" in PAGE


def test_the_record_on_the_page_is_one_of_ours() -> None:
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    record = json.loads(example[1])
    assert Job.model_validate(record).model_dump(mode="json") == record


def _codes_of_bad_messages() -> set[str]:
    source = "".join((Path(messages.__file__).parent / name).read_text() for name in ("messages.py", "connection.py"))
    return set(re.findall(r'(?:BadMessage|error)\(\s*"(\w+)"', source))


@pytest.mark.parametrize("example", VECTORS["polls"], ids=named)
async def test_a_poll_of_the_examples_is_answered_so(
    example: dict[str, Any], player: Player, http: httpx.AsyncClient
) -> None:
    answer = example["answer"]
    known, expired = (await player.finished()).id, JobId((await player.finished()).id)
    await player.store.remove(expired)
    asked = [known, new_job_id(), expired]
    found = (await http.get("/jobs", params=[("id", job_id) for job_id in asked])).json()
    assert list(found) == list(answer)
    assert [list(job) for job in found["jobs"]] == [list(job) for job in answer["jobs"]]
    assert {name: len(entries) for name, entries in found.items()} == {name: len(answer[name]) for name in answer}
    assert [asked.index(job_id) for job_id in found["unknown"]] == [1, 2]
    assert found["expired"] == [expired]
