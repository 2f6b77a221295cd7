"""The wire of Replicate's predictions: what is asked, what an answer says, what an error means. Pure.

Statuses and fields that are not known are passed over: one more status is a prediction that still runs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from jobs.errors import InvalidInput, JobFailure, Moderated, RateLimited, Rejected, TaskFailed
from jobs.providers.base import PortraitRequest
from jobs.providers.http import Call, Reply, retry_after
from storage.records.job import JsonObject

MODEL = re.compile(r"(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)(?::(?P<version>[0-9a-f]{64}))?", re.ASCII)
CANCEL_AFTER_SECONDS = (5, 1_800)
"""Replicate's own bounds of a run: a shorter deadline is none, and nothing runs longer."""
SKEW_SECONDS = 30.0
"""How far our clock and Replicate's may be apart."""

_SPELLED = {"png": ("png",), "jpeg": ("jpg", "jpeg"), "webp": ("webp",)}
_PROGRESS = re.compile(r"^\s*(\d+)%\s*\|.+?\|\s*\d+/\d+")
_WAIT = re.compile(r"resets in ~?(\d+)\s*s")
_MODERATED = re.compile(r"nsfw|sensitive|flagged|safety|moderat|content policy", re.IGNORECASE)
_WRONG_MODEL = "The provider does not know the model that is set here. The operator has to look at it."
_REFUSED_REQUEST = "The provider does not accept our requests. The operator has to look at it."
_STOPPED = "The provider stopped this before it was finished. Please try again."
_GONE = "The provider no longer has what it made. Please try again."


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a model's input, each with the values that it takes; none where it takes any."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.values


@dataclass(frozen=True, slots=True)
class Prediction:
    id: str
    status: str
    output: object = None
    error: str = ""
    logs: str = ""

    @property
    def ended(self) -> bool:
        return self.status in ("succeeded", "failed", "canceled", "aborted")


def describe_model(base: str, model: str) -> Call:
    """Asks for what a model takes. `model` is `owner/name`, or `owner/name:version`."""
    found = MODEL.fullmatch(model)
    if found is None:
        raise ValueError("must be owner/name, or owner/name:version")
    version = f"/versions/{found['version']}" if found["version"] else ""
    return Call("GET", f"{base}/v1/models/{found['owner']}/{found['name']}{version}")


def read_fields(answer: object) -> Fields:
    """What a model says of itself. One that says nothing takes a prompt."""
    described = _object(answer)
    schemas = _object(
        _object(
            _object((_object(described.get("latest_version")) or described).get("openapi_schema")).get("components")
        ).get("schemas")
    )
    properties = _object(_object(schemas.get("Input")).get("properties"))
    return Fields({name: _enumerated(_object(about), schemas) for name, about in properties.items()} or {"prompt": ()})


def _enumerated(about: JsonObject, schemas: JsonObject) -> tuple[str, ...]:
    """The values of a field, which stand in it or in a schema of their own that it refers to."""
    parts = [about, *(_object(part) for part in _list(about.get("allOf")))]
    for part in [*parts]:
        parts.append(_object(schemas.get(_string(part.get("$ref")).rpartition("/")[2])))
    return tuple(value for part in parts for value in _list(part.get("enum")) if isinstance(value, str))


def input_for(request: PortraitRequest, fields: Fields) -> JsonObject:
    """The request in a model's own fields: of each only what the model takes."""
    wanted: JsonObject = {"prompt": request.description}
    if "seed" in fields:
        wanted["seed"] = request.seed % 2**31  # many models keep a signed number of 32 bits
    if "aspect_ratio" in fields:
        ratio = _nearest(request.width / request.height, fields.values["aspect_ratio"])
        if ratio is not None:
            wanted["aspect_ratio"] = ratio
    elif "width" in fields and "height" in fields:
        wanted |= {"width": request.width, "height": request.height}
    for name in (*_SPELLED[request.format], "png"):
        if name in fields.values.get("output_format", ()):
            wanted["output_format"] = name
            break
    return wanted


def _nearest(wanted: float, ratios: tuple[str, ...]) -> str | None:
    numbers = {}
    for ratio in ratios:
        width, _, height = ratio.partition(":")
        if width.isdecimal() and height.isdecimal() and int(width) and int(height):
            numbers[ratio] = int(width) / int(height)
    return min(numbers, key=lambda ratio: max(numbers[ratio] / wanted, wanted / numbers[ratio]), default=None)


def create(base: str, model: str, input: JsonObject, *, cancel_after: float) -> Call:
    """The request that costs money. Replicate itself stops what nobody has fetched after `cancel_after` seconds."""
    least, most = CANCEL_AFTER_SECONDS
    seconds = min(most, max(least, int(cancel_after)))
    return Call("POST", f"{base}/v1/predictions", {"version": model, "input": input}, {"Cancel-After": f"{seconds}s"})


def get(base: str, id: str) -> Call:
    return Call("GET", f"{base}/v1/predictions/{quote(id, safe='')}")


def cancel(base: str, id: str) -> Call:
    return Call("POST", f"{base}/v1/predictions/{quote(id, safe='')}/cancel")


def recent(base: str, cursor: str = "") -> Call:
    """Asks for the newest hundred predictions of the account, or for those that `earlier` named."""
    return Call("GET", f"{base}/v1/predictions" + (f"?cursor={quote(cursor, safe='')}" if cursor else ""))


def read_prediction(answer: object) -> Prediction | None:
    said = _object(answer)
    id, status = _string(said.get("id")), _string(said.get("status"))
    if not id or not status:
        return None
    return Prediction(id, status, said.get("output"), _words(said.get("error")), _string(said.get("logs")))


def find(answer: object, input: JsonObject, *, since: float) -> str | None:
    """The newest prediction of this very input that was not made before `since` (Unix time)."""
    for listed in map(_object, _list(_object(answer).get("results"))):
        prediction = read_prediction(listed)
        sent = _object(listed.get("input"))
        if prediction is not None and input.items() <= sent.items() and _made(listed) >= since - SKEW_SECONDS:
            return prediction.id
    return None


def earlier(answer: object, *, since: float) -> str | None:
    """Where the predictions before these are, if some of those may have been made after `since` (Unix time)."""
    listed = _list(_object(answer).get("results"))
    if not listed or _made(_object(listed[-1])) < since - SKEW_SECONDS:
        return None
    query = parse_qs(urlsplit(_string(_object(answer).get("next"))).query)
    return next(iter(query.get("cursor", ())), None)


def _made(listed: JsonObject) -> float:
    try:
        return datetime.fromisoformat(_string(listed.get("created_at"))).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def progress(prediction: Prediction) -> float | None:
    """From 0 to 1, by the last progress bar that the model has written to its logs."""
    for line in reversed(re.split(r"[\r\n]+", prediction.logs)):
        if found := _PROGRESS.match(line):
            return min(1.0, int(found[1]) / 100)
    return None


def picture_url(prediction: Prediction) -> str | None:
    """The first picture of the output: an address, a list of addresses, or an object that has one."""
    output = prediction.output
    if isinstance(output, dict):
        output = next((value for value in output.values() if value), None)
    if isinstance(output, list):
        output = next(iter(output), None)
    return output if isinstance(output, str) and output else None


def refusal(reply: Reply) -> JobFailure:
    """What a definite answer means that is not what was asked for. Replicate's words are for the log only."""
    said = _object(reply.json)
    title, words = _string(said.get("title")), _words(said.get("detail"))
    detail = f"{reply.status} {title} {words}"
    match reply.status:
        case 429:
            named = _WAIT.search(words)
            wait = retry_after(reply.headers)
            return RateLimited(detail=detail, retry_after=float(named[1]) if wait is None and named else wait)
        case 401 | 402 | 403:
            return Rejected(detail=detail)
        case 404:
            return Rejected(_WRONG_MODEL, detail=detail)
        case 400 | 422 if _MODERATED.search(words):
            return Moderated(detail=detail)
        case 422 if "version" in title.casefold():
            return Rejected(_WRONG_MODEL, detail=detail)
        case 422:
            return InvalidInput(detail=detail)
    return Rejected(_REFUSED_REQUEST, detail=detail)


def failure(prediction: Prediction) -> JobFailure:
    """Why a prediction that has ended made nothing."""
    detail = f"{prediction.id} {prediction.status} {prediction.error}"
    if prediction.status == "succeeded":
        return TaskFailed(_GONE, detail=detail)
    if prediction.status in ("canceled", "aborted"):
        return TaskFailed(_STOPPED, detail=detail)
    if _MODERATED.search(prediction.error):
        return Moderated(detail=detail)
    return TaskFailed(detail=detail)


def _words(value: object) -> str:
    return value if isinstance(value, str) else str(value) if value else ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
