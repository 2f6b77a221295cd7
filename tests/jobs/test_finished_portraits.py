from jobs.finished_portraits import seconds_left, wait_seconds
from storage.records.ids import new_job_id
from storage.records.job import Job, milliseconds
from tests.support.job_states import NOON


def test_a_portrait_is_waited_for_as_long_as_it_is_expected_to_take_within_bounds() -> None:
    noon = milliseconds(NOON)
    job = Job(id=new_job_id(), kind="portrait", created_at=NOON)
    assert wait_seconds(job, noon) == 1.0
    expected = job.model_copy(update={"expected_at": NOON})
    assert wait_seconds(expected, noon - 3_000) == 3.0
    assert wait_seconds(expected, noon - 60_000) == 5.0
    assert wait_seconds(expected, noon + 60_000) == 0.5
    assert seconds_left(job, noon) is None
    assert [seconds_left(expected, noon + off) for off in (-60_000, 60_000)] == [60.0, -60.0]
