"""Against a real SeaweedFS that checks signatures, and a proxy before it that goes wrong."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import SecretStr

from storage.errors import ObjectStoreUnavailable, ObjectTaken
from storage.objects.base import FOREVER, ObjectStore
from storage.objects.s3 import S3Objects
from tests.storage.objects.contract import PNG, ObjectStoreContract, listed
from tests.support.limner import free_port
from tests.support.s3_faults import Fault, FaultyS3
from tests.support.seaweed import KEY_ID, SECRET, Bucket

Opening = Callable[..., S3Objects]


@pytest.fixture
def opening(bucket: Bucket) -> Iterator[Opening]:
    """Opens the test's bucket, with settings of its own."""
    with ExitStack() as stack:

        def open_bucket(*, attempts: int = 1, **settings: object) -> S3Objects:
            objects = S3Objects(bucket.settings(**settings), attempts=attempts, page=10)
            stack.callback(objects.close)
            return objects

        yield open_bucket


@pytest.fixture
def objects(opening: Opening) -> S3Objects:
    return opening(s3_public_url="https://pictures.example/")


@pytest.fixture
async def faulty(bucket: Bucket) -> AsyncIterator[FaultyS3]:
    async with FaultyS3(bucket.endpoint_url) as proxy:
        yield proxy


class TestS3Objects(ObjectStoreContract):
    @pytest.fixture
    def base_url(self) -> str:
        return "https://pictures.example"

    @pytest.fixture
    def away(self, opening: Opening) -> ObjectStore:
        return opening(s3_endpoint_url=f"http://127.0.0.1:{free_port()}")


async def test_an_object_bears_its_type_its_hash_and_may_be_kept_for_ever(objects: S3Objects, bucket: Bucket) -> None:
    await objects.put("a/b.png", PNG, "image/png")

    found = bucket.admin.head_object(Bucket=bucket.name, Key="a/b.png")
    assert found["ContentType"] == "image/png"
    assert found["CacheControl"] == FOREVER
    assert found["Metadata"] == {"sha256": hashlib.sha256(PNG).hexdigest()}


async def test_a_put_says_nothing_that_r2_refuses(opening: Opening, faulty: FaultyS3) -> None:
    await opening(s3_endpoint_url=faulty.url).put("a/b.png", PNG, "image/png")

    (put,) = faulty.seen
    assert (put.method, put.body) == ("PUT", PNG)
    refused = ("x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-trailer", "x-amz-acl", "transfer-encoding")
    assert [name for name in put.headers if name.startswith(refused)] == []
    assert "aws-chunked" not in put.headers.get("content-encoding", "")
    assert put.headers["if-none-match"] == "*"
    assert "/auto/s3/aws4_request" in put.headers["authorization"]


async def test_the_same_bytes_of_another_program_are_known_by_their_entity_tag(
    objects: S3Objects, bucket: Bucket
) -> None:
    bucket.admin.put_object(Bucket=bucket.name, Key="a/b", Body=PNG)

    await objects.put("a/b", PNG, "image/png")
    with pytest.raises(ObjectTaken):
        await objects.put("a/b", PNG[1:], "image/png")


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.CUT])
async def test_a_put_whose_answer_was_lost_is_found_done(
    opening: Opening, faulty: FaultyS3, bucket: Bucket, fault: Fault
) -> None:
    faulty.fault, faulty.only = fault, lambda _: len(faulty.requests("PUT")) == 1

    await opening(s3_endpoint_url=faulty.url, attempts=2).put("a/b", PNG, "image/png")

    assert [request.method for request in faulty.seen] == ["PUT", "PUT", "HEAD"]
    assert bucket.keys() == ["a/b"]


async def test_a_conflict_of_two_puts_is_tried_again(opening: Opening, faulty: FaultyS3) -> None:
    faulty.fault, faulty.only = Fault.CONFLICT, lambda request: request is faulty.seen[0]
    objects = opening(s3_endpoint_url=faulty.url)

    await objects.put("a/b", PNG, "image/png")

    assert [request.method for request in faulty.seen] == ["PUT", "HEAD", "PUT"]
    assert await objects.get("a/b") == PNG


async def test_more_objects_than_a_request_may_name_are_deleted_in_several(
    opening: Opening, faulty: FaultyS3, bucket: Bucket
) -> None:
    objects = opening(s3_endpoint_url=faulty.url)
    await objects.put("a/0", PNG, "")
    await objects.put("a/1500", PNG, "")

    await objects.delete(*(f"a/{number}" for number in range(1_501)))

    assert [request.body.count(b"<Key>") for request in faulty.requests("POST")] == [1_000, 501]
    assert faulty.requests("DELETE") == []
    assert bucket.keys() == []


async def test_where_several_cannot_be_deleted_at_once_each_is(
    opening: Opening, faulty: FaultyS3, bucket: Bucket
) -> None:
    objects = opening(s3_endpoint_url=faulty.url)
    faulty.fault = Fault.NO_BATCHES
    for _ in range(2):
        await objects.put("a/b", PNG, "")
        await objects.put("a/c", PNG, "")
        await objects.delete("a/b", "a/c", "a/d")
        assert bucket.keys() == []

    assert len(faulty.requests("POST")) == 1  # it is not tried in vain again
    assert len(faulty.requests("DELETE")) == 6


async def test_a_listing_asks_for_as_many_as_there_may_be_at_once(bucket: Bucket, faulty: FaultyS3) -> None:
    for number in range(3):
        bucket.admin.put_object(Bucket=bucket.name, Key=f"a/{number}", Body=b"")
    bucket.admin.put_object(Bucket=bucket.name, Key="a/what another program, or a person, has put there", Body=b"")
    objects = S3Objects(bucket.settings(s3_endpoint_url=faulty.url))

    assert await listed(objects, "") == ["a/0", "a/1", "a/2"]

    objects.close()
    (request,) = faulty.seen
    assert request.query["max-keys"] == "1000"


async def test_a_wrong_secret_is_told_in_words_and_not_repeated(opening: Opening) -> None:
    objects = opening(s3_secret_access_key=SecretStr("a-wrong-secret"))

    with pytest.raises(ObjectStoreUnavailable, match="LIMNER_S3_SECRET_ACCESS_KEY is not the secret") as refused:
        await objects.check()

    assert "a-wrong-secret" not in repr(refused.value)
    assert refused.value.__cause__ is None


async def test_an_unknown_key_is_told_in_words(opening: Opening) -> None:
    objects = opening(s3_access_key_id=SecretStr("nobodys-key"))

    with pytest.raises(ObjectStoreUnavailable, match="the key in LIMNER_S3_ACCESS_KEY_ID is not known there"):
        await objects.put("a/b", PNG, "")


async def test_a_bucket_that_does_not_exist_is_told_by_its_name(opening: Opening) -> None:
    objects = opening(s3_bucket="nobodys-bucket")

    with pytest.raises(ObjectStoreUnavailable, match="the bucket nobodys-bucket does not exist"):
        await objects.get("a/b")
    with pytest.raises(ObjectStoreUnavailable, match="the bucket nobodys-bucket does not exist"):
        await listed(objects, "")


async def test_a_name_that_is_none_of_a_bucket_is_told_in_words(opening: Opening) -> None:
    with pytest.raises(ObjectStoreUnavailable, match="LIMNER_S3_BUCKET is no name of a bucket"):
        await opening(s3_bucket="no bucket").get("a/b")


async def test_a_host_that_nobody_answers_at_is_told_by_its_name(opening: Opening) -> None:
    with pytest.raises(ObjectStoreUnavailable, match=r"127\.0\.0\.1 cannot be reached"):
        await opening(s3_endpoint_url=f"http://user:password@127.0.0.1:{free_port()}").get("a/b")


async def test_a_bucket_that_is_asked_too_much_says_so(opening: Opening, faulty: FaultyS3) -> None:
    faulty.fault = Fault.SLOW_DOWN

    with pytest.raises(ObjectStoreUnavailable, match="wants us to slow down"):
        await opening(s3_endpoint_url=faulty.url).put("a/b", PNG, "")


async def test_a_bucket_that_hangs_up_is_told_and_serves_again_later(opening: Opening, faulty: FaultyS3) -> None:
    objects = opening(s3_endpoint_url=faulty.url)
    faulty.fault = Fault.REFUSES
    with pytest.raises(ObjectStoreUnavailable):
        await objects.put("a/b", PNG, "")

    faulty.fault = Fault.NONE

    await objects.put("a/b", PNG, "")


async def test_a_slow_bucket_is_waited_for_a_bounded_time(opening: Opening, faulty: FaultyS3) -> None:
    faulty.delay = 3_600

    with pytest.raises(ObjectStoreUnavailable, match=r"in time|no answer within 0\.3 s"):
        await opening(s3_endpoint_url=faulty.url, objects_seconds=0.3).put("a/b", PNG, "")


async def test_who_is_cancelled_does_not_wait_for_the_bucket(opening: Opening, faulty: FaultyS3) -> None:
    faulty.delay = 3_600
    put = asyncio.create_task(opening(s3_endpoint_url=faulty.url).put("a/b", PNG, ""))
    await faulty.came.acquire()

    put.cancel()

    with pytest.raises(asyncio.CancelledError):
        await put


async def test_a_store_that_is_closed_makes_no_further_request(opening: Opening, faulty: FaultyS3) -> None:
    before = set(threading.enumerate())
    objects = opening(s3_endpoint_url=faulty.url, attempts=5)
    faulty.fault = Fault.HELD
    put = asyncio.create_task(objects.put("a/b", PNG, ""))
    await faulty.came.acquire()
    ours = set(threading.enumerate()) - before

    objects.close()
    faulty.fault = Fault.SLOW_DOWN  # which it would try again
    with pytest.raises(ObjectStoreUnavailable):
        await put
    for thread in ours:
        await asyncio.to_thread(thread.join)

    assert len(faulty.seen) == 1
    with pytest.raises(ObjectStoreUnavailable, match="closed"):
        await objects.put("a/b", PNG, "")


def test_the_bucket_of_these_tests_refuses_a_tampered_signature(bucket: Bucket) -> None:
    request = AWSRequest("PUT", f"{bucket.public_url}/a", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    S3SigV4Auth(Credentials(KEY_ID, SECRET), "s3", "auto").add_auth(request)
    signed = dict(request.headers)
    signature = signed["Authorization"]
    tampered = {**signed, "Authorization": signature[:-1] + ("0" if signature[-1] != "0" else "1")}

    with httpx.Client(trust_env=False, verify=False) as client:
        assert client.put(f"{bucket.public_url}/a", headers=tampered).status_code == 403
        assert client.put(f"{bucket.public_url}/a").status_code == 403
        assert client.put(f"{bucket.public_url}/a", headers=signed).status_code == 200
