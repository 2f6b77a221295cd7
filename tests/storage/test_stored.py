import pytest

from storage.errors import JobUnknown
from storage.records.ids import new_job_id
from storage.stored import Stored


def test_a_job_that_is_no_longer_kept_has_no_record_to_read() -> None:
    stored = Stored(id=new_job_id(), record=None, owner="ann", claim=b"", etag=None, keeps=-1, spent=0)

    assert stored.expired
    with pytest.raises(JobUnknown, match="no longer kept") as unknown:
        _ = stored.job
    assert unknown.value.expired
