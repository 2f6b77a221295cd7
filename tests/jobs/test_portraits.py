import pytest

from jobs.portraits import PaintPortrait
from jobs.providers.base import PortraitRequest, Report, Task
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.inputs import PortraitInput
from storage.records.job import Job
from storage.records.media import Picture
from tests.support.job_states import JobStates
from tests.support.listening import Listener
from tests.support.work import Bench
from tests.support.writer import character

pytestmark = pytest.mark.timeout(30)

WANTED = PortraitInput(description="a dwarf", character=character("Ada"), seed=7, width=512, height=768, format="webp")


class Easel:
    """A provider that paints at once what was asked for, and keeps the request."""

    name = "easel"

    def __init__(self) -> None:
        self.requests: list[PortraitRequest] = []

    async def paint(self, request: PortraitRequest, report: Report, task: Task, /) -> Picture:
        self.requests.append(request)
        await report(0.5, "painting the face", Picture(b"small", "image/webp", 60, 90))
        return Picture(b"large", "image/webp", request.width, request.height)


async def painted(bench: Bench, jobs: JobStates, easel: Easel, public_url: str = "") -> Job:
    stored = await jobs.queued(input=WANTED.model_dump_json(by_alias=True).encode())
    await bench.working(PaintPortrait(easel, public_url)).run(stored.id, stored.claim)
    return (await jobs.get(stored.id)).job


async def test_the_provider_gets_what_was_wanted(bench: Bench, jobs: JobStates) -> None:
    easel = Easel()

    await painted(bench, jobs, easel)

    assert easel.requests == [PortraitRequest("a dwarf", character("Ada"), 7, 512, 768, "webp")]


async def test_the_result_says_where_the_picture_is_and_what_it_is(bench: Bench, jobs: JobStates) -> None:
    job = await painted(bench, jobs, Easel())

    assert job.result == {
        "url": f"/temp-portraits/{job.id}/image?v={job.version}",
        "content_type": "image/webp",
        "width": 512,
        "height": 768,
        "bytes": 5,
    }


@pytest.mark.parametrize("public_url", ["https://limner.example", "https://limner.example/"])
async def test_the_address_begins_with_the_public_one(bench: Bench, jobs: JobStates, public_url: str) -> None:
    job = await painted(bench, jobs, Easel(), public_url)

    assert job.result is not None
    assert job.result["url"] == f"https://limner.example/temp-portraits/{job.id}/image?v={job.version}"


async def test_what_the_provider_reports_is_seen(
    bench: Bench, store: JobStore, jobs: JobStates, keys: Keys, listener: Listener
) -> None:
    stored = await jobs.queued(input=WANTED.model_dump_json(by_alias=True).encode())
    await listener.subscribe(keys.job(stored.id))

    await bench.working(PaintPortrait(Easel(), "")).run(stored.id, stored.claim)

    await listener.job()
    seen = await listener.job()
    assert (seen.progress, seen.stage, seen.preview) == (0.5, "painting the face", "data:image/webp;base64,c21hbGw=")
