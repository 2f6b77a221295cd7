"""The jobs that are followed: one real job, made by the job store, and as many copies of it as there are clients."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

from pydantic import SecretStr
from redis import Redis

from bench.hub.target import width
from bench.processes import NotMeasured
from storage.connect import connect
from storage.jobs import JobStore
from storage.keys import Keys
from storage.records.encoding import HEADER, encode_body, version_of
from storage.records.ids import JobId, new_job_id
from storage.records.job import Job, timestamp
from storage.settings import StorageSettings
from storage.stored import Submission

SEED = 1
PREFIX = "limner:"
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Model:
    """A job that is processed, as the job store made it."""

    fields: dict[bytes, bytes]
    """Of its hash."""
    job: Job
    version: int

    def news(self, preview: str | None = None) -> bytes:
        """The JSON of an event with `{version}`, `{id}` and `{time}` to be filled in; the time is its stage."""
        return _event(self.job.advanced(0.42, stage=None, preview=preview, expected_at=None, result=None))

    def news_of(self, size: int) -> bytes:
        """The same with a preview that makes it `size` bytes long."""
        room = size - width(self.news(""))
        return self.news("data:image/webp;base64,".ljust(room, "A"))

    def end(self) -> bytes:
        """The last event of a job."""
        now = self.job.created_at
        return _event(self.job.succeeded({"url": "/temp-portraits/{id}/image?v={version}"}, now, now))


def _event(job: Job) -> bytes:
    return b'{"version":{version}' + encode_body(job.model_copy(update={"id": "{id}", "stage": "{time}"}))


def job_id(number: int) -> str:
    """As `make_id` in native/common.h has it."""
    return f"{SEED:08x}-0000-4000-8000-{number:012x}"


def channel(prefix: str) -> bytes:
    return f"{prefix}job:{{id}}".encode()


def make_model(redis_url: str) -> Model:
    """Submit a job and claim it, and take it away again."""
    return asyncio.run(_make_model(redis_url))


async def _make_model(redis_url: str) -> Model:
    settings = StorageSettings(redis_url=SecretStr(redis_url), redis_prefix=PREFIX)
    async with connect(settings.redis_url) as redis:
        store = JobStore(redis, Keys(PREFIX), settings)
        id_ = new_job_id()
        await store.submit(Submission(id_, "portrait", "bench", input=b"{}", fingerprint="bench"))
        stored = await store.get(id_)
        if stored is None:
            raise NotMeasured("The job that was submitted is not there.")
        begun = stored.job.claimed(timestamp(await store.now()), provider="painter", expected_at=None)
        (job,) = await store.claim([(stored, begun)], lease_ms=3_600_000, worker="bench")
        if job is None:
            raise NotMeasured("The job that was submitted cannot be begun.")
        fields = cast(dict[bytes, bytes], await cast(Any, redis.hgetall(Keys(PREFIX).job(id_))))
        await redis.flushall()
    return Model(fields, job, int(version_of(fields[b"record"])))


def write(redis: Redis, model: Model, count: int, version: int) -> None:
    """Put `count` jobs into Redis, all at this version; those that are there are written over."""
    keys = Keys(PREFIX)
    own, body = model.job.id.encode(), model.fields[b"record"][HEADER:]
    body = body.replace(b"%d" % model.version, b"%d" % version, 1)
    for start in range(0, count, BATCH):
        pipe = redis.pipeline(transaction=False)
        for number in range(start, min(count, start + BATCH)):
            id_ = JobId(job_id(number))
            record = b"%016da" % version + body.replace(own, id_.encode(), 1)
            pipe.hset(keys.job(id_), mapping={**model.fields, b"record": record})
        pipe.execute()
