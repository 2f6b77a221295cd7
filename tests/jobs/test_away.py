"""How long a job waits for a store that is away."""

import pytest

from jobs.away import MOST_TIMES, waiting_for_stores
from jobs.errors import NotYet
from storage.errors import DatabaseUnavailable, ObjectStoreUnavailable
from storage.records.ids import new_job_id
from storage.records.job import Job, Status, milliseconds, timestamp
from tests.support.job_states import NOON

SECONDS = 10.0


def begun_after(seconds: float) -> Job:
    begun = timestamp(milliseconds(NOON) + int(seconds * 1000))
    return Job(id=new_job_id(), kind="upload", status=Status.PROCESSING, created_at=NOON, started_at=begun)


@pytest.mark.parametrize("error", [ObjectStoreUnavailable("away"), DatabaseUnavailable("away")])
@pytest.mark.parametrize(
    ("waited", "pause"),
    [(0.0, SECONDS), (99.0, SECONDS), (500.0, 50.0), (86_400.0, SECONDS * MOST_TIMES)],
)
def test_what_waits_for_a_store_is_tried_again_the_more_seldom_the_longer_it_has_waited(
    waited: float, pause: float, error: Exception
) -> None:
    with pytest.raises(NotYet) as later, waiting_for_stores(begun_after(waited), SECONDS):
        raise error

    assert pause * 0.75 <= later.value.seconds <= pause * 1.25


def test_those_that_wait_together_do_not_come_back_together() -> None:
    pauses = set()
    for _ in range(10):
        with pytest.raises(NotYet) as later, waiting_for_stores(begun_after(0), SECONDS):
            raise ObjectStoreUnavailable("away")
        pauses.add(later.value.seconds)

    assert len(pauses) > 1


def test_what_is_at_fault_otherwise_passes() -> None:
    with pytest.raises(KeyError), waiting_for_stores(begun_after(0), SECONDS):
        raise KeyError
