import pytest

from bench.hub.jobs import PREFIX, job_id, make_model
from bench.hub.setup import Setup
from bench.hub.target import WIDTHS, width
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.ids import parse_job_id
from storage.records.job import Job, Status
from storage.settings import StorageSettings

pytestmark = pytest.mark.compiler


def filled_in(event: bytes) -> bytes:
    values = {b"{version}": b"1763612345678901", b"{id}": job_id(7).encode(), b"{time}": b"%020d" % 12_345}
    assert {hole: len(value) for hole, value in values.items()} == WIDTHS
    for hole, value in values.items():
        event = event.replace(hole, value)
    return event


async def test_copies_of_a_job_are_jobs_to_the_job_store(ready: Setup) -> None:
    ready.write_jobs(3)
    url = f"redis://127.0.0.1:{ready.redis_port}/0"
    settings = StorageSettings.model_validate({"redis_url": url, "redis_prefix": PREFIX})
    async with connect(settings.redis_url) as redis:
        found = await JobStore(redis, Keys(PREFIX), settings).get_many([parse_job_id(job_id(n)) for n in range(4)])
    assert [one.job.id if one is not None else None for one in found] == [job_id(0), job_id(1), job_id(2), None]
    for one in found[:3]:
        assert one is not None
        assert one.job.status is Status.PROCESSING
        assert one.job.version == ready.model.version


def test_an_event_is_the_record_of_a_job_with_its_time_as_stage(ready: Setup) -> None:
    job = Job.model_validate_json(filled_in(ready.model.news()))
    assert (job.id, job.version, job.stage) == (job_id(7), 1763612345678901, "00000000000000012345")
    assert job.status is Status.PROCESSING


def test_the_last_event_is_the_record_of_a_finished_job(ready: Setup) -> None:
    job = Job.model_validate_json(filled_in(ready.model.end()))
    assert job.final
    assert job.result == {"url": f"/temp-portraits/{job_id(7)}/image?v=1763612345678901"}


def test_an_event_with_a_preview_has_the_size_that_was_asked_for(ready: Setup) -> None:
    event = ready.model.news_of(10_240)
    assert width(event) == len(filled_in(event)) == 10_240
    assert Job.model_validate_json(filled_in(event)).preview is not None


def test_a_model_leaves_nothing_behind(ready: Setup) -> None:
    make_model(f"redis://127.0.0.1:{ready.redis_port}/0")
    assert ready.redis.dbsize() == 0
