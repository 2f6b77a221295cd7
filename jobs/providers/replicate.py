"""Replicate: portraits by any model there that takes a prompt and makes a picture. Each costs money."""

import asyncio
import contextlib

from jobs.errors import InvalidInput, JobFailure, SubmitUnknown, TaskFailed, Unavailable
from jobs.providers import replicate_wire as wire
from jobs.providers.base import KnownTask, PortraitRequest, Report, Task
from jobs.providers.download import Refused
from jobs.providers.http import Http, NotSent, OutcomeUnknown, Pace, Reply
from jobs.providers.pictures import picture_of
from storage.pictures import NoPicture
from storage.records.job import JsonObject
from storage.records.media import Picture
from storage.tasks import unbroken

ASKED_SECONDS = 30.0
"""How long a model is asked what it takes, and a task that must be looked up is looked for, while nobody answers."""
LOOKS = 6
"""How often a task is looked for among the newest: one that was just made may not stand there yet."""
MISSED = 5
"""A task that is not known so often, one time after the other, is gone."""
PAGES = 5
"""How many pages of a hundred are looked through, each time."""
PAINTING = 0.05
FETCHING = 0.95


class Replicate:
    """Submits a prediction once, sees it to its end however long that takes, and fetches its picture.

    `base_url` is `https://api.replicate.com`; `model` is `owner/name` or `owner/name:version`. Replicate
    itself stops what has not ended `cancel_after` seconds after it was made. `paint` ends with its task's end and not
    before: whoever calls it sets the time, and a later call with the same task goes on with it.

    A task is submitted at most once. Where its id was lost it is looked for by its input, if the model takes a seed, by
    which an input is known from all others; where it is not found `SubmitUnknown` is raised.
    """

    name = "replicate"

    def __init__(self, http: Http, *, base_url: str, model: str, cancel_after: float, pace: Pace | None = None) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self._model = model
        self._describe = wire.describe_model(self._base, model)
        self._cancel_after = cancel_after
        self._pace = pace or Pace(most=5.0)
        self._fields: wire.Fields | None = None

    async def paint(self, request: PortraitRequest, report: Report, task: Task, /) -> Picture:
        try:
            prediction = await self._ended(await self._id(request, task), report)
            if prediction.status == "aborted":
                await task.clear()  # stopped before it had begun, and not paid
                raise Unavailable(detail=f"{prediction.id} {prediction.status}")
            return await self._picture(prediction, request, report)
        except JobFailure as failed:
            failed.detail = self._http.fit_for_the_log(failed.detail or "")
            raise

    async def abandon(self, known: KnownTask) -> None:
        if known.id is not None:
            await self._http.ask(wire.cancel(self._base, known.id), patience=ASKED_SECONDS)

    async def _id(self, request: PortraitRequest, task: Task) -> str:
        known = task.known
        if known is not None and known.provider != self.name:
            raise SubmitUnknown(detail=f"the task is one of {known.provider}")
        if known is not None and known.id is not None:
            return known.id
        try:
            input = wire.input_for(request, await self._takes())
        except JobFailure as failed:
            if known is None:
                raise
            raise SubmitUnknown(detail=failed.detail) from failed
        if known is None:
            id = await unbroken(self._submit(input, task, asyncio.current_task()))
            _end_if_cancelled()
            if id is not None:
                return id
        return await self._found(input, task)

    async def _takes(self) -> wire.Fields:
        if self._fields is None:
            reply = await self._http.ask(self._describe, patience=ASKED_SECONDS)
            if reply.status != 200:
                raise wire.refusal(reply)
            self._fields = wire.read_fields(reply.json)
        return self._fields

    async def _submit(self, input: JsonObject, task: Task, caller: "asyncio.Task[object] | None") -> str | None:
        """The id of the new task; None where nobody knows whether there is one. Raises what is definite."""
        await task.intend()
        if caller is not None and caller.cancelling():
            await task.clear()
            return None
        try:
            reply = await self._http.once(wire.create(self._base, self._model, input, cancel_after=self._cancel_after))
        except NotSent as error:
            await task.clear()
            raise Unavailable(detail=str(error)) from error
        except OutcomeUnknown:
            return None
        if not 200 <= reply.status < 300:
            await task.clear()
            raise wire.refusal(reply)
        prediction = wire.read_prediction(reply.json)
        if prediction is None:
            return None
        await task.submitted(prediction.id)
        return prediction.id

    async def _found(self, input: JsonObject, task: Task) -> str:
        """The id of a task that was, perhaps, submitted."""
        known = task.known
        if known is None or "seed" not in input:
            raise SubmitUnknown(detail="a model without a seed: its tasks cannot be told from one another")
        for look, pause in zip(range(1, LOOKS + 1), self._pace.pauses(), strict=False):
            with contextlib.suppress(Unavailable):
                id = await self._look(input, known.since)
                if id is not None:
                    await task.submitted(id)
                    return id
            if look < LOOKS:
                await asyncio.sleep(pause)
        raise SubmitUnknown(detail="not among the newest predictions")

    async def _look(self, input: JsonObject, since: float) -> str | None:
        cursor: str | None = ""
        for _ in range(PAGES):
            if cursor is None:
                break
            reply = await self._http.ask(wire.recent(self._base, cursor), patience=ASKED_SECONDS)
            id = wire.find(reply.json, input, since=since)
            if id is not None:
                return id
            cursor = wire.earlier(reply.json, since=since)
        return None

    async def _ended(self, id: str, report: Report) -> wire.Prediction:
        missed = 0
        for pause in self._pace.pauses():
            await asyncio.sleep(pause)
            reply = await self._http.ask(wire.get(self._base, id))
            missed = missed + 1 if reply.status == 404 else 0
            if 0 < missed < MISSED:
                continue  # it may just have been made
            prediction = self._read(id, reply)
            if prediction is None:
                continue  # no word of a task's end: whatever it is, it may still come
            if prediction.ended:
                return prediction
            await report(*_news(prediction))
        raise AssertionError("pauses never end")

    def _read(self, id: str, reply: Reply) -> wire.Prediction | None:
        if reply.status == 404:
            raise TaskFailed(detail=f"{id} is not known")
        if reply.status != 200:
            failed = wire.refusal(reply)
            raise TaskFailed(detail=failed.detail) if isinstance(failed, InvalidInput) else failed
        return wire.read_prediction(reply.json)

    async def _picture(self, prediction: wire.Prediction, request: PortraitRequest, report: Report) -> Picture:
        url = wire.picture_url(prediction) if prediction.status == "succeeded" else None
        if url is None:
            raise wire.failure(prediction)
        await report(FETCHING, "fetching the picture")
        try:
            data = await self._http.fetch(url)
            return await asyncio.to_thread(picture_of, data, request.format)
        except (Refused, NoPicture) as error:
            raise TaskFailed(detail=f"{prediction.id} {error}") from error


def _news(prediction: wire.Prediction) -> tuple[float, str]:
    if prediction.status == "starting":
        return 0.0, "waiting for the provider"
    return PAINTING + (FETCHING - PAINTING) * (wire.progress(prediction) or 0.0), "painting"


def _end_if_cancelled() -> None:
    """`unbroken` has held a cancellation back, which is due now."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
