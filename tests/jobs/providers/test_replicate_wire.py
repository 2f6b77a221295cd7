"""What is asked of Replicate and what its answers mean, without any server."""

from collections.abc import Mapping

import pytest

from jobs.errors import RateLimited
from jobs.providers import replicate_wire
from jobs.providers.base import PortraitRequest
from jobs.providers.http import Reply
from jobs.providers.replicate_wire import Fields, Prediction
from storage.records.job import JsonObject
from tests.support.replicate_server import MODEL


@pytest.mark.parametrize("model", ["", "flux", "a/b/c", "a/b:latest", "a b/c", "../x"[:2] + "?/x"])
def test_a_model_that_cannot_be_one_is_refused(model: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        replicate_wire.describe_model("", model)


def test_a_version_of_a_model_is_asked_for_itself() -> None:
    version = "0123456789abcdef" * 4
    assert replicate_wire.describe_model("x", f"a/b:{version}").url == f"x/v1/models/a/b/versions/{version}"


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (None, {"prompt": ()}),
        ({"latest_version": None}, {"prompt": ()}),
        ({"openapi_schema": {"components": {"schemas": {"Input": {"properties": {"seed": {}}}}}}}, {"seed": ()}),
        (
            {"openapi_schema": {"components": {"schemas": {"Input": {"properties": {"format": {"enum": ["a", 1]}}}}}}},
            {"format": ("a",)},
        ),
    ],
)
def test_what_a_model_takes_is_read_from_its_schema(answer: object, fields: Mapping[str, tuple[str, ...]]) -> None:
    assert replicate_wire.read_fields(answer).values == fields


@pytest.mark.parametrize(
    ("fields", "input"),
    [
        ({}, {}),
        ({"seed": ()}, {"seed": 2**31 - 1}),
        ({"width": (), "height": ()}, {"width": 512, "height": 768}),
        ({"aspect_ratio": ("1:1", "16:9", "3:4", "custom")}, {"aspect_ratio": "3:4"}),
        ({"aspect_ratio": ("match_input",)}, {}),
        ({"output_format": ("jpg", "png")}, {"output_format": "jpg"}),
        ({"output_format": ("png", "webp")}, {"output_format": "png"}),
        ({"output_format": ("gif",)}, {}),
    ],
)
def test_a_request_is_said_in_the_fields_of_the_model(fields: Mapping[str, tuple[str, ...]], input: JsonObject) -> None:
    wanted = PortraitRequest("a dwarf", None, 2**32 - 1, 512, 768, "jpeg")
    assert replicate_wire.input_for(wanted, Fields(fields)) == {"prompt": "a dwarf", **input}


@pytest.mark.parametrize(
    ("logs", "progress"),
    [
        ("", None),
        ("Loading 50% of weights\n", None),
        (" 25%|██▌       | 1/4 [00:01<00:03]\n", 0.25),
        ("  0%|  | 0/4\r 50%|███  | 2/4 [00:01<00:01]\rdone\n", 0.5),
        ("900%|███| 9/1\n", 1.0),
    ],
)
def test_the_last_bar_in_the_logs_is_the_progress(logs: str, progress: float | None) -> None:
    assert replicate_wire.progress(Prediction("x", "processing", logs=logs)) == progress


@pytest.mark.parametrize(
    ("output", "url"),
    [
        ("https://a/1.png", "https://a/1.png"),
        (["https://a/1.png", "https://a/2.png"], "https://a/1.png"),
        ({"image": "https://a/1.png"}, "https://a/1.png"),
        ({"images": ["https://a/1.png"]}, "https://a/1.png"),
        (None, None),
        ([], None),
        ([{"url": 1}], None),
        (7, None),
    ],
)
def test_the_picture_is_found_in_each_form_of_output(output: object, url: str | None) -> None:
    assert replicate_wire.picture_url(Prediction("x", "succeeded", output)) == url


def listed(created_at: object, **input: object) -> JsonObject:
    return {"id": f"of {created_at}", "status": "starting", "created_at": created_at, "input": input}


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ([listed("1970-01-01T00:16:41Z", prompt="a", seed=1, steps=[4])], True),
        ([listed("1970-01-01T00:16:00Z", prompt="a", seed=1)], False),
        ([listed("1970-01-01T00:16:41Z", prompt="a", seed=2)], False),
        ([listed("1970-01-01T00:16:41Z", prompt="a")], False),
        ([listed(None, prompt="a", seed=1)], False),
        ([None, {"input": 3}, listed("soon", prompt="a", seed=1)], False),
    ],
)
def test_a_task_is_known_by_its_input_and_its_time(results: list[object], found: bool) -> None:
    id = replicate_wire.find({"results": results}, {"prompt": "a", "seed": 1}, since=1000)
    assert (id is not None) is found


def test_of_several_the_newest_is_ours() -> None:
    newest, older = (listed(f"1970-01-01T00:{minute}:00Z", seed=1) for minute in (20, 19))
    assert replicate_wire.find({"results": [newest, older]}, {"seed": 1}, since=1000) == newest["id"]


@pytest.mark.parametrize(
    ("created_at", "next", "cursor"),
    [
        ("1970-01-01T00:20:00Z", "https://elsewhere/v1/predictions?cursor=ab%3D", "ab="),
        ("1970-01-01T00:10:00Z", "https://elsewhere/v1/predictions?cursor=ab", None),
        ("1970-01-01T00:20:00Z", None, None),
    ],
)
def test_pages_are_turned_back_to_the_time_of_the_intent_and_no_further(
    created_at: str, next: str | None, cursor: str | None
) -> None:
    answer = {"results": [listed(created_at, seed=1)], "next": next}
    assert replicate_wire.earlier(answer, since=1000) == cursor


def test_the_time_to_wait_is_also_read_from_the_words() -> None:
    words = b'{"detail": "Request was throttled. Your rate limit resets in ~30s."}'
    for headers, seconds in (({}, 30.0), ({"retry-after": "4"}, 4.0)):
        failure = replicate_wire.refusal(Reply(429, headers, words))
        assert isinstance(failure, RateLimited)
        assert failure.retry_after == seconds


@pytest.mark.parametrize("answer", [None, [], {}, {"id": "x"}, {"id": 7, "status": "starting"}, "starting"])
def test_what_is_no_prediction_is_none(answer: object) -> None:
    assert replicate_wire.read_prediction(answer) is None


@pytest.mark.parametrize(("seconds", "header"), [(1, "5s"), (90.7, "90s"), (7200, "1800s")])
def test_the_deadline_is_within_what_there_is(seconds: float, header: str) -> None:
    assert replicate_wire.create("", MODEL, {}, cancel_after=seconds).headers == {"Cancel-After": header}
