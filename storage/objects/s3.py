"""Objects in a bucket: Amazon S3, Cloudflare R2, or another that speaks S3 and heeds If-None-Match."""

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from storage.errors import ObjectStoreUnavailable, ObjectTaken, ObjectUnknown
from storage.objects.base import FOREVER, Listed, checked_key, checked_prefix
from storage.objects.checking import try_out
from storage.objects.s3_errors import code_of, is_unknown_object, refusal, status_of, unavailable
from storage.objects.threads import Threads
from storage.settings import StorageSettings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

THREADS = 16
ATTEMPTS = 3
"""Of one request, made by botocore; its pauses are a second or two."""
CONNECT_SECONDS = 5.0
PAGE = 1_000
"""As many objects as S3 lists or deletes at once."""
ROUNDS = 5
CONFLICT_SECONDS = 0.1
CONFLICT, PRECONDITION_FAILED = 409, 412
REFUSALS = frozenset({400, 401, 403, 405, 411, 501})

T = TypeVar("T")


class S3Objects:
    """Objects in the bucket that `settings` name. Make it off the event loop, and `close` it.

    Its errors are sentences without secrets. A call whose caller has gone ends by itself soon after its time.
    """

    def __init__(self, settings: StorageSettings, *, attempts: int = ATTEMPTS, page: int = PAGE) -> None:
        self._bucket = settings.s3_bucket
        self._public_url = settings.s3_public_url.rstrip("/")
        self._page = page
        self._threads = Threads(THREADS, settings.objects_seconds)
        self._deletes_many = True
        self._call = threading.local()
        self._closed = False
        self._client = _client(settings, attempts)
        self._client.meta.events.register("before-send.s3", self._in_time)

    @property
    def endpoint(self) -> str:
        """The URL of the API that is asked."""
        return str(self._client.meta.endpoint_url)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        await self._run(partial(self._put, checked_key(key), data, content_type))

    async def get(self, key: str) -> bytes:
        return await self._run(partial(self._get, checked_key(key)))

    def url(self, key: str) -> str:
        return f"{self._public_url}/{quote(checked_key(key))}"

    async def delete(self, *keys: str) -> None:
        for key in keys:
            checked_key(key)
        for start in range(0, len(keys), PAGE):
            batch = keys[start : start + PAGE]
            if len(batch) == 1 or not self._deletes_many or not await self._run(partial(self._delete_many, batch)):
                await self._delete_each(batch)

    async def list(self, prefix: str) -> AsyncIterator[Listed]:
        checked_prefix(prefix)
        further: dict[str, Any] = {}
        while True:
            ask = partial(self._client.list_objects_v2, Bucket=self._bucket, Prefix=prefix, MaxKeys=self._page)
            found = await self._run(partial(ask, **further))
            for one in found.get("Contents", []):
                try:
                    key = checked_key(one["Key"])
                except ValueError:  # no object of ours
                    continue
                yield Listed(key, one["LastModified"])
            if not found.get("IsTruncated"):
                return
            further = {"ContinuationToken": found["NextContinuationToken"]}

    async def check(self) -> None:
        await try_out(self)

    def close(self) -> None:
        """Whatever is under way makes no further request."""
        self._closed = True
        self._threads.close()
        self._client.close()

    async def _run(self, work: Callable[[], T]) -> T:
        deadline = time.monotonic() + self._threads.seconds

        def call() -> T:
            self._call.deadline = deadline
            return work()

        try:
            return await self._threads.run(call)
        except (ClientError, BotoCoreError) as error:
            raise unavailable(error, bucket=self._bucket, endpoint=self.endpoint) from None

    def _in_time(self, **_: object) -> None:
        """Before every request, also one that botocore repeats: nobody waits for it after the deadline."""
        if self._closed or time.monotonic() > self._call.deadline:
            raise ObjectStoreUnavailable(f"no answer within {self._threads.seconds:g} s")

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        digest = hashlib.sha256(data).hexdigest()
        for again in range(ROUNDS):
            time.sleep(CONFLICT_SECONDS * again)
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=data,
                    ContentType=content_type,
                    CacheControl=FOREVER,
                    Metadata={"sha256": digest},
                    IfNoneMatch="*",
                )
                return
            except ClientError as error:
                if status_of(error) not in (CONFLICT, PRECONDITION_FAILED):
                    raise
            there = self._digests_of(key)
            if there is not None:
                if digest in there or hashlib.md5(data, usedforsecurity=False).hexdigest() in there:
                    return
                raise ObjectTaken(key)
        raise ObjectStoreUnavailable("others put and remove this object all the time")

    def _digests_of(self, key: str) -> Sequence[str] | None:
        """The SHA-256 of the object, or of a foreign one its entity tag, which is mostly its MD5. None: not there."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if is_unknown_object(error):
                return None
            raise
        named = found["Metadata"].get("sha256")
        return [named] if named else [found["ETag"].strip('"').lower()]

    def _get(self, key: str) -> bytes:
        try:
            with closing(self._client.get_object(Bucket=self._bucket, Key=key)["Body"]) as body:
                return body.read()
        except ClientError as error:
            if is_unknown_object(error):
                raise ObjectUnknown(key) from None
            raise

    def _delete_many(self, keys: Sequence[str]) -> bool:
        """False where the store takes no such request: it must bear a checksum, which R2 has refused at times."""
        objects = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        try:
            answer = self._client.delete_objects(Bucket=self._bucket, Delete=objects)  # type: ignore[arg-type]
        except ClientError as error:
            if status_of(error) in REFUSALS and code_of(error) != "NoSuchBucket":
                self._deletes_many = False
                return False
            raise
        for fault in answer.get("Errors", []):
            if fault.get("Code") != "NoSuchKey":
                raise ObjectStoreUnavailable(refusal(fault.get("Code", ""), 0, self._bucket))
        return True

    async def _delete_each(self, keys: Sequence[str]) -> None:
        delete = partial(self._client.delete_object, Bucket=self._bucket)
        for start in range(0, len(keys), THREADS):
            few = keys[start : start + THREADS]
            await asyncio.gather(*(self._run(partial(delete, Key=key)) for key in few))


def _client(settings: StorageSettings, attempts: int) -> "S3Client":
    """One for all threads. Only what the environment says of proxies and authorities counts beside the settings."""
    longest = settings.objects_seconds / attempts
    config = Config(
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": attempts, "mode": "standard"},
        connect_timeout=min(CONNECT_SECONDS, longest),
        read_timeout=longest,
        max_pool_connections=THREADS,
        s3={"addressing_style": "path" if settings.s3_endpoint_url else "auto"},
    )
    session = botocore.session.Session(
        {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    )
    session.set_config_variable("ignore_configured_endpoint_urls", True)
    return boto3.session.Session(botocore_session=session).client(
        "s3",
        endpoint_url=settings.s3_endpoint_url or None,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        config=config,
    )
