"""Replicate over a real server: a task is submitted once, seen to its end, and never forgotten."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from pydantic import SecretStr

from jobs.errors import (
    InvalidInput,
    JobFailure,
    Moderated,
    RateLimited,
    Rejected,
    SubmitUnknown,
    TaskFailed,
    Unavailable,
)
from jobs.providers import replicate
from jobs.providers.base import KnownTask, PortraitRequest, RemoteProvider
from jobs.providers.http import Http, Pace
from jobs.providers.replicate import Replicate
from storage.records.media import Picture
from storage.tasks import end
from tests.support.replicate_server import MODEL, TOKEN, Fate, ReplicateServer, Submit

pytestmark = pytest.mark.timeout(30)

SEED = 7
FAST = Pace(first=0.01, most=0.02)


class Notes:
    """What is noted of a job's task, outside of any store; `steps` are all that were taken."""

    def __init__(self, known: KnownTask | None = None) -> None:
        self.known = known
        self.steps: list[str] = []

    async def intend(self) -> None:
        self.known = KnownTask(provider="replicate", since=time.time())
        self.steps.append("intended")

    async def submitted(self, id: str) -> None:
        self.known = KnownTask(provider="replicate", since=time.time(), id=id)
        self.steps.append("submitted")

    async def clear(self) -> None:
        self.known = None
        self.steps.append("cleared")


class Told:
    def __init__(self) -> None:
        self.progress: list[float] = []
        self.stages: list[str | None] = []

    async def __call__(
        self, progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        self.progress.append(progress)
        self.stages.append(stage)


def request(**changes: Any) -> PortraitRequest:
    given = {"description": "a dwarf", "character": None, "seed": SEED, "width": 512, "height": 768, "format": "png"}
    return PortraitRequest(**{**given, **changes})


def driver(**changes: Any) -> AbstractAsyncContextManager[Http]:
    return Http(SecretStr(TOKEN), **{"pace": FAST, "base_url": "http://127.0.0.1", **changes})


def painter(http: Http, server: ReplicateServer, model: str = MODEL) -> Replicate:
    return Replicate(http, base_url=server.url, model=model, cancel_after=90, pace=FAST)


async def painted(server: ReplicateServer, notes: Notes, told: Told | None = None, **wanted: Any) -> Picture:
    async with driver() as http:
        provider: RemoteProvider = painter(http, server)
        return await provider.paint(request(**wanted), told or Told(), notes)


async def failed(server: ReplicateServer, notes: Notes) -> JobFailure:
    with pytest.raises(JobFailure) as failure:
        await painted(server, notes)
    return failure.value


async def test_a_portrait_is_painted_by_one_task_and_its_intent_was_noted_before() -> None:
    notes = Notes()
    async with ReplicateServer() as server:
        picture = await painted(server, notes)

    assert (picture.content_type, picture.width, picture.height) == ("image/png", 64, 96)
    assert notes.steps == ["intended", "submitted"]
    assert server.submissions == {SEED: 1}
    assert server.deadlines[SEED] == "90s"
    [post] = server.posts()
    assert post.json == {
        "version": MODEL,
        "input": {"prompt": "a dwarf", "seed": SEED, "aspect_ratio": "2:3", "output_format": "png"},
    }


async def test_the_intent_is_noted_before_the_first_byte_leaves() -> None:
    class Refusing(Notes):
        async def intend(self) -> None:
            raise asyncio.CancelledError  # as where the job is no longer ours

    async with ReplicateServer() as server, driver() as http:
        task = asyncio.create_task(painter(http, server).paint(request(), Told(), Refusing()))
        await asyncio.wait([task])

        assert task.cancelled()
        assert server.posts() == []


async def test_a_picture_comes_in_the_format_that_was_wanted_whatever_the_model_makes() -> None:
    async with ReplicateServer(picture="webp", fields={"prompt": {}}) as server:
        picture = await painted(server, Notes(), format="jpeg")

    assert (picture.content_type, picture.width, picture.height) == ("image/jpeg", 64, 96)
    assert picture.data.startswith(b"\xff\xd8\xff")


async def test_a_model_is_asked_once_what_it_takes() -> None:
    async with ReplicateServer() as server, driver() as http:
        provider = painter(http, server)
        await provider.paint(request(), Told(), Notes())
        await provider.paint(request(seed=8), Told(), Notes())

    assert sum("/models/" in seen.path for seen in server.seen) == 1


async def test_progress_comes_from_the_logs_and_does_not_fall() -> None:
    told = Told()
    async with ReplicateServer({SEED: Fate(polls=4)}) as server:
        await painted(server, Notes(), told)

    assert told.progress == sorted(told.progress)
    assert len(told.progress) == 5
    assert told.stages == [*["painting"] * 4, "fetching the picture"]


async def test_polls_that_go_wrong_are_repeated_and_nothing_is_submitted_again() -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(faults=8)}) as server:
        await painted(server, notes)

    assert (server.submissions[SEED], notes.steps) == (1, ["intended", "submitted"])


async def test_a_known_task_is_gone_on_with_and_not_submitted() -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(polls=10**9)}) as server:
        async with driver() as http:
            first = asyncio.create_task(painter(http, server).paint(request(), Told(), notes))
            await server.polled.wait()
            await end(first)  # as where our time is up
        [prediction] = server.predictions.values()
        prediction.fate = Fate()
        picture = await painted(server, Notes(notes.known))

    assert picture.width == 64
    assert (server.submissions[SEED], len(server.posts())) == (1, 1)


@pytest.mark.parametrize("submit", [Submit.CUT, Submit.BROKEN, Submit.GARBAGE])
async def test_a_task_whose_id_was_lost_is_found_again(submit: Submit) -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(submit=submit)}) as server:
        await painted(server, notes)

    assert notes.steps == ["intended", "submitted"]
    assert (server.submissions[SEED], len(server.posts())) == (1, 1)


@pytest.mark.parametrize("submit", [Submit.CUT, Submit.BROKEN, Submit.GARBAGE, Submit.LOST])
async def test_a_task_that_is_not_found_is_not_submitted_again(submit: Submit) -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(submit=submit, listed=False)}) as server:
        assert isinstance(await failed(server, notes), SubmitUnknown)
        assert isinstance(await failed(server, notes), SubmitUnknown)  # a later run, should there be one

    assert len(server.posts()) == 1
    assert notes.steps == ["intended"]


async def test_an_intent_that_an_earlier_run_has_left_is_looked_up() -> None:
    async with ReplicateServer({SEED: Fate(submit=Submit.HELD)}) as server, driver() as http:
        notes = Notes()
        dead = asyncio.create_task(painter(http, server).paint(request(), Told(), notes))
        assert await server.held.get() == SEED
        left = Notes(notes.known)  # what a worker leaves that is killed now
        await painted(server, left)
        assert left.steps == ["submitted"]
        server.release.set()
        await dead

    assert server.submissions[SEED] == 1


async def test_a_task_is_found_on_a_later_page() -> None:
    async with ReplicateServer({SEED: Fate(submit=Submit.CUT)}) as server:
        notes = Notes(KnownTask(provider="replicate", since=time.time()))
        async with driver() as http:
            with pytest.raises(SubmitUnknown):
                await painter(http, server).paint(request(), Told(), notes)
        await painted(server, Notes())
        [ours] = server.predictions.values()
        for number in range(150):
            other = f"other{number}"
            server.predictions[other] = type(ours)(other, 0, {"prompt": "another"}, Fate(), ours.created_at)
        await painted(server, notes)

    assert notes.known is not None
    assert notes.known.id == ours.id
    assert server.submissions[SEED] == 1


async def test_a_list_that_cannot_be_had_leaves_the_task_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate, "ASKED_SECONDS", 0.05)
    async with ReplicateServer({SEED: Fate(submit=Submit.CUT)}) as server:
        server.listing = False
        assert isinstance(await failed(server, Notes()), SubmitUnknown)


async def test_without_a_seed_no_task_is_taken_for_ours() -> None:
    async with ReplicateServer({0: Fate(submit=Submit.CUT)}, fields={"prompt": {}}) as server:
        assert isinstance(await failed(server, Notes()), SubmitUnknown)

    assert not any(seen.method == "GET" and seen.path == "/v1/predictions" for seen in server.seen)


async def test_a_task_of_another_provider_is_not_replaced_by_one_of_ours() -> None:
    async with ReplicateServer() as server:
        notes = Notes(KnownTask(provider="another", since=0, id="x"))
        assert isinstance(await failed(server, notes), SubmitUnknown)

    assert server.posts() == []


@pytest.mark.parametrize(
    ("refused", "failure"),
    [
        ((401, "Unauthenticated", "no"), Rejected),
        ((402, "Insufficient credit", "no"), Rejected),
        ((404, "Not found", "no"), Rejected),
        ((422, "Invalid version or not permitted", "no"), Rejected),
        ((422, "Input validation failed", "- input.prompt: is too long"), InvalidInput),
        ((422, "Input validation failed", "the prompt was flagged"), Moderated),
        ((400, "Bad request", "no"), Rejected),
    ],
)
async def test_a_refusal_is_definite_and_may_be_submitted_again(
    refused: tuple[int, str, str], failure: type[JobFailure]
) -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(refused=refused)}) as server:
        raised = await failed(server, notes)

        assert type(raised) is failure
        assert notes.steps == ["intended", "cleared"]
        server.fates.clear()
        await painted(server, notes)
    assert server.submissions[SEED] == 1


async def test_who_is_to_wait_is_told_how_long_and_then_submits() -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(throttled=1)}) as server:
        server.retry_after = "12"
        raised = await failed(server, notes)

        assert isinstance(raised, RateLimited)
        assert raised.retry_after == 12
        await painted(server, notes)
    assert notes.steps == ["intended", "cleared", "intended", "submitted"]
    assert server.submissions[SEED] == 1


async def test_where_nobody_listens_nothing_is_held_to_have_been_submitted() -> None:
    notes = Notes()
    async with driver() as http:
        async with ReplicateServer() as server:
            provider = painter(http, server)
            await provider.paint(request(seed=8), Told(), Notes())
        with pytest.raises(Unavailable):
            await provider.paint(request(), Told(), notes)

    assert notes.steps == ["intended", "cleared"]


@pytest.mark.parametrize(
    ("fate", "failure"),
    [
        (Fate(end="failed", error="CUDA out of memory"), TaskFailed),
        (Fate(end="failed", error="NSFW content detected. Try running it again."), Moderated),
        (Fate(end="failed", error="The input or output was flagged as sensitive. (E005)"), Moderated),
        (Fate(end="canceled"), TaskFailed),
        (Fate(output={}), TaskFailed),
        (Fate(output="ftp://elsewhere/1.png"), TaskFailed),
        (Fate(output=[7]), TaskFailed),
    ],
)
async def test_a_task_that_ended_badly_stays_known_for_it_may_have_been_paid(
    fate: Fate, failure: type[JobFailure]
) -> None:
    notes = Notes()
    async with ReplicateServer({SEED: fate}) as server:
        assert type(await failed(server, notes)) is failure
        assert type(await failed(server, notes)) is failure

    assert server.submissions[SEED] == 1


async def test_a_task_that_ended_before_it_began_was_not_paid_and_may_be_submitted_again() -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(end="aborted")}) as server:
        assert type(await failed(server, notes)) is Unavailable

    assert notes.steps == ["intended", "submitted", "cleared"]


async def test_a_task_that_is_not_known_there_is_not_replaced() -> None:
    async with ReplicateServer() as server:
        notes = Notes(KnownTask(provider="replicate", since=0, id="../models"))
        assert type(await failed(server, notes)) is TaskFailed

    assert server.posts() == []


async def test_a_task_that_is_not_known_there_yet_is_waited_for() -> None:
    async with ReplicateServer({SEED: Fate(missing=3)}) as server:
        await painted(server, Notes())

    assert server.submissions[SEED] == 1


async def test_a_cancellation_does_not_come_between_the_answer_and_its_note() -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(submit=Submit.HELD, polls=10**9)}) as server, driver() as http:
        painting = asyncio.create_task(painter(http, server).paint(request(), Told(), notes))
        await server.held.get()
        painting.cancel()
        server.release.set()
        await asyncio.wait([painting])

    assert painting.cancelled()
    assert notes.steps == ["intended", "submitted"]


async def test_a_cancellation_that_comes_before_the_money_is_spent_saves_it() -> None:
    class Slow(Notes):
        def __init__(self) -> None:
            super().__init__()
            self.begun, self.go = asyncio.Event(), asyncio.Event()

        async def intend(self) -> None:
            self.begun.set()
            await self.go.wait()
            await super().intend()

    notes = Slow()
    async with ReplicateServer() as server, driver() as http:
        painting = asyncio.create_task(painter(http, server).paint(request(), Told(), notes))
        await notes.begun.wait()
        painting.cancel()
        await asyncio.sleep(0)  # it is held back
        notes.go.set()
        await asyncio.wait([painting])

        assert painting.cancelled()
        assert server.posts() == []
    assert notes.steps == ["intended", "cleared"]


async def test_an_abandoned_task_is_cancelled_there() -> None:
    notes = Notes()
    async with ReplicateServer({SEED: Fate(polls=10**9)}) as server, driver() as http:
        provider = painter(http, server)
        painting = asyncio.create_task(provider.paint(request(), Told(), notes))
        await server.polled.wait()
        await end(painting)
        assert notes.known is not None
        await provider.abandon(notes.known)
        await provider.abandon(KnownTask(provider="replicate", since=0))  # an intent: there is nothing to cancel

    assert server.cancels == {SEED: 1}


async def test_the_token_stands_in_no_failure() -> None:
    async with ReplicateServer({SEED: Fate(refused=(400, "Bad", f"what is {TOKEN}?"))}) as server:
        raised = await failed(server, Notes())

    assert raised.detail == "400 Bad what is ***?"
