import base64
import hashlib

from redis.asyncio import Redis

from storage.keys import Keys
from storage.portraits import PortraitStore, StoredPicture
from storage.records.ids import new_job_id
from tests.support.job_states import PICTURE, JobStates


async def test_a_picture_is_kept_as_base64_text_and_read_as_it_was(jobs: JobStates, keys: Keys, redis: Redis) -> None:
    stored = await jobs.succeeded()
    portraits = PortraitStore(redis, keys)

    assert await portraits.text(stored.id) == await redis.get(keys.portrait(stored.id)) == PICTURE.base64
    assert await portraits.data(stored.id) == base64.b64decode(PICTURE.base64)


async def test_the_etag_of_a_picture_is_told_with_its_job(jobs: JobStates) -> None:
    assert (await jobs.succeeded()).etag == PICTURE.etag
    assert (await jobs.failed()).etag is None


async def test_a_picture_that_is_not_there_is_none(jobs: JobStates, keys: Keys, redis: Redis) -> None:
    portraits = PortraitStore(redis, keys)
    for job_id in (new_job_id(), (await jobs.processing()).id, (await jobs.failed()).id):
        assert await portraits.text(job_id) is None
        assert await portraits.data(job_id) is None


def test_the_etag_is_of_the_bytes() -> None:
    assert StoredPicture.of(b"one").etag == hashlib.sha256(b"one").hexdigest()[:32]
    assert StoredPicture.of(b"one") != StoredPicture.of(b"two")
