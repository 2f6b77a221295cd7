"""A server that speaks Replicate's predictions, and goes wrong in the ways that such a service does.

    async with ReplicateServer({7: Fate(submit=Submit.CUT)}) as server:
        ... server.url ...
    assert server.submissions[7] == 1

What it is asked for is known by its seed: `submissions` counts the predictions that were made of each, which are what
costs money.
"""

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from types import TracebackType
from typing import Any

import numpy as np

from jobs.providers.painter.painting import encoded
from storage.records.media import PictureFormat
from storage.tasks import end
from tests.support.http_server import Answer, Cut, HttpServer, Request, as_json

TOKEN = "r8_a-token-nobody-may-see"
MODEL = "black-forest-labs/flux-schnell"
PAGE = 100
ENDED = ("succeeded", "failed", "canceled", "aborted")


class Submit(Enum):
    """What becomes of the request that makes a prediction. From CUT on it is made, and its id not told."""

    TAKEN = auto()
    LOST = auto()
    """The connection is cut, and nothing was made."""
    CUT = auto()
    BROKEN = auto()
    """500."""
    GARBAGE = auto()
    """201, and a body that is none of theirs."""
    HELD = auto()
    """The answer is held back until the client is gone, or `release` is set."""


@dataclass(frozen=True)
class Fate:
    """What becomes of what is asked for with a certain seed."""

    submit: Submit = Submit.TAKEN
    throttled: int = 0
    """So many submissions are first refused with 429."""
    refused: tuple[int, str, str] | None = None
    """Every submission is refused so: status, title and detail of the problem."""
    delay: float = 0.0
    """Seconds before the answer to a submission."""
    polls: int = 1
    """So often it is asked after before it ends."""
    missing: int = 0
    """So often it is not there yet when it is asked after."""
    faults: int = 0
    """So many of its polls go wrong first, each in another way."""
    end: str = "succeeded"
    error: str | None = None
    output: Any = None
    """In place of the picture's address."""
    held: bool = False
    """It does not end before `release` is set."""
    listed: bool = True
    """Whether it ever stands among the newest."""


@dataclass
class Prediction:
    id: str
    seed: int
    input: Mapping[str, Any]
    fate: Fate
    created_at: str
    status: str = "starting"
    polls: int = 0
    faults: int = 0
    missed: int = 0


class ReplicateServer:
    def __init__(
        self,
        fates: Mapping[int, Fate] | None = None,
        *,
        picture: PictureFormat = "png",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        self.fates = dict(fates or {})
        self.submissions: Counter[int] = Counter()
        self.cancels: Counter[int] = Counter()
        self.deadlines: dict[int, str] = {}
        self.predictions: dict[str, Prediction] = {}
        self.held: asyncio.Queue[int] = asyncio.Queue()
        """The seeds of submissions whose answer is held back, as they come."""
        self.release = asyncio.Event()
        self.polled = asyncio.Event()
        self.retry_after = "1"
        self.asked = asyncio.Semaphore(0)
        """Released with every request."""
        self.listing = True
        """Whether the list of the newest answers."""
        self._fields = fields if fields is not None else FIELDS
        self._throttled: Counter[int] = Counter()
        self._picture = encoded(np.zeros((96, 64, 3), np.uint8), picture)
        self._faults = itertools.cycle(range(4))
        self._server = HttpServer(self._answer)

    async def __aenter__(self) -> "ReplicateServer":
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def seen(self) -> list[Request]:
        return self._server.seen

    def posts(self) -> list[Request]:
        """The requests that would have cost money."""
        return [request for request in self.seen if request.method == "POST" and request.path == "/v1/predictions"]

    async def _answer(self, request: Request) -> Answer:
        self.asked.release()
        if request.path.startswith("/out/"):
            return Answer(200, self._picture.data, {"Content-Type": self._picture.content_type})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Unauthenticated", "You did not pass a valid authentication token")
        match request.method, request.path.removeprefix("/v1/").split("/"):
            case "GET", ["models", _, _]:
                return as_json({"latest_version": {"id": "5c7d", "openapi_schema": _schema(self._fields)}})
            case "POST", ["predictions"]:
                return await self._create(request)
            case "GET", ["predictions"]:
                return self._list(request)
            case "GET", ["predictions", id] if id in self.predictions:
                return self._poll(self.predictions[id])
            case "POST", ["predictions", id, "cancel"] if id in self.predictions:
                return self._cancel(self.predictions[id])
        return problem(404, "Not found", "")

    async def _create(self, request: Request) -> Answer:
        input = request.json["input"]
        seed = input.get("seed", 0)
        fate = self.fates.get(seed, Fate())
        if fate.refused is not None:
            return problem(*fate.refused)
        if self._throttled[seed] < fate.throttled:
            self._throttled[seed] += 1
            detail = "Request was throttled. Your rate limit resets in ~30s."
            return problem(429, "", detail, {"Retry-After": self.retry_after})
        if fate.submit is Submit.LOST:
            raise Cut
        prediction = Prediction(secrets.token_hex(13), seed, input, fate, datetime.now(UTC).isoformat())
        self.predictions[prediction.id] = prediction
        self.submissions[seed] += 1
        self.deadlines[seed] = request.headers.get("cancel-after", "")
        await asyncio.sleep(fate.delay)
        match fate.submit:
            case Submit.CUT:
                raise Cut
            case Submit.BROKEN:
                return Answer(502, b"<html>Bad gateway</html>")
            case Submit.GARBAGE:
                return Answer(201, b"<html>a page for people</html>")
            case Submit.HELD:
                self.held.put_nowait(seed)
                await self._until_gone_or_released(request)
        return as_json(self._said(prediction), 201)

    async def _until_gone_or_released(self, request: Request) -> None:
        gone, released = asyncio.ensure_future(request.gone()), asyncio.create_task(self.release.wait())
        await asyncio.wait({gone, released}, return_when=asyncio.FIRST_COMPLETED)
        await end(gone, released)

    def _poll(self, prediction: Prediction) -> Answer:
        self.polled.set()
        if prediction.missed < prediction.fate.missing:
            prediction.missed += 1
            return problem(404, "Not found", "")
        if prediction.faults < prediction.fate.faults:
            prediction.faults += 1
            match next(self._faults):
                case 0:
                    return problem(503, "Service unavailable", "")
                case 1:
                    raise Cut
                case 2:
                    return Answer(200, b"<html>a page for people</html>")
                case _:
                    return problem(429, "", "Request was throttled.", {"Retry-After": "0"})
        if prediction.status not in ENDED:
            prediction.polls += 1
            held = prediction.fate.held and not self.release.is_set()
            painting = held or prediction.polls <= prediction.fate.polls
            prediction.status = "processing" if painting else prediction.fate.end
        return as_json(self._said(prediction))

    def _cancel(self, prediction: Prediction) -> Answer:
        self.cancels[prediction.seed] += 1
        if prediction.status not in ENDED:
            prediction.status = "canceled"
        return as_json(self._said(prediction))

    def _list(self, request: Request) -> Answer:
        if not self.listing:
            return problem(503, "Service unavailable", "")
        start = int(request.query.get("cursor", "0"))
        newest = [prediction for prediction in reversed(self.predictions.values()) if prediction.fate.listed]
        more = f"{self.url}/v1/predictions?cursor={start + PAGE}" if start + PAGE < len(newest) else None
        listed = [self._said(prediction) for prediction in newest[start : start + PAGE]]
        return as_json({"previous": None, "next": more, "results": listed})

    def _said(self, prediction: Prediction) -> dict[str, Any]:
        address = f"{self.url}/v1/predictions/{prediction.id}"
        fate, done = prediction.fate, prediction.status == "succeeded"
        output = fate.output if fate.output is not None else [f"{self.url}/out/{prediction.id}"]
        share = round(100 * min(prediction.polls, fate.polls + 1) / (fate.polls + 1))
        return {
            "id": prediction.id,
            "model": MODEL,
            "version": "hidden",
            "input": dict(prediction.input),
            "output": output if done else None,
            "logs": f"Using seed: {prediction.seed}\n  0%|   | 0/4 [00:00<?]\r {share}%|██ | 1/4 [00:01<00:01]\n",
            "error": fate.error if prediction.status == "failed" else None,
            "status": prediction.status,
            "source": "api",
            "data_removed": False,
            "metrics": {},
            "created_at": prediction.created_at,
            "urls": {"get": address, "cancel": f"{address}/cancel"},
        }


FIELDS: Mapping[str, Any] = {
    "prompt": {"type": "string"},
    "seed": {"type": "integer"},
    "aspect_ratio": {"allOf": [{"$ref": "#/components/schemas/aspect_ratio"}], "default": "1:1"},
    "output_format": {"allOf": [{"$ref": "#/components/schemas/output_format"}], "default": "webp"},
    "num_outputs": {"type": "integer"},
}
"""What the model takes, as its schema says it."""


def _schema(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "components": {
            "schemas": {
                "Input": {"type": "object", "required": ["prompt"], "properties": dict(fields)},
                "aspect_ratio": {"type": "string", "enum": ["1:1", "16:9", "2:3", "3:2", "9:16"]},
                "output_format": {"type": "string", "enum": ["webp", "jpg", "png"]},
            }
        }
    }


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    return as_json({"title": title, "detail": detail, "status": status}, status, headers)
