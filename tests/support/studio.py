"""Videos that are wanted, and a worker that makes them with a provider that films at once."""

from pathlib import Path
from typing import Any

from jobs.providers.base import Report, Task, VideoProvider, VideoRequest
from jobs.videos import MakeVideo
from storage.jobs import JobStore
from storage.kept import Kept
from storage.objects.local_directory import LocalObjects
from storage.portraits import PortraitStore, StoredPicture
from storage.records.inputs import VIDEO, VideoInput
from storage.records.job import ErrorCode, Job, Status
from storage.records.media import Picture, Video
from storage.stored import StoredWithInput
from tests.support.job_states import JobStates, done
from tests.support.pictures import portrait
from tests.support.work import Bench, Working

PICTURE = portrait(64, 64)
AWAY_SECONDS = 7.0


class Camera:
    """A provider that films at once, the same for the same request, and keeps what it was asked for."""

    name = "camera"

    def __init__(self) -> None:
        self.requests: list[VideoRequest] = []

    async def film(self, request: VideoRequest, report: Report, task: Task, /) -> Video:
        self.requests.append(request)
        await report(0.5, "filming", Picture(b"small", "image/webp", 60, 90))
        data = b"film %d of " % request.seed + request.portrait
        return Video(data, "video/mp4", 640, 480, 4.0, Picture(b"poster of " + data, "image/jpeg", 640, 480))


class Studio:
    """Submits videos and lets a worker make them."""

    def __init__(
        self,
        bench: Bench,
        jobs: JobStates,
        store: JobStore,
        portraits: PortraitStore,
        objects: LocalObjects,
        directory: Path,
    ) -> None:
        self.camera = Camera()
        self.kept: Kept | None = None
        self._bench = bench
        self._jobs = jobs
        self._store = store
        self.portraits = portraits
        self.objects = objects
        self._directory = directory

    async def painted(self, data: bytes = PICTURE) -> str:
        """A portrait that is there."""
        stored = await self._jobs.processing()
        await self._store.advance(done(stored.job), stored.claim, StoredPicture.of(data))
        return stored.id

    async def wanted(self, **input: Any) -> StoredWithInput:
        wanted = VideoInput(**{"seed": 3, **input})
        return await self._jobs.queued(kind=VIDEO, input=wanted.model_dump_json().encode())

    def working(self, provider: VideoProvider | None = None) -> Working:
        make = MakeVideo(
            provider or self.camera,
            self._store,
            self.portraits,
            self.objects,
            self.kept,
            retry_seconds=AWAY_SECONDS,
        )
        return self._bench.working(make, kind=VIDEO)

    async def made(self, provider: VideoProvider | None = None, **input: Any) -> Job:
        """What has become of a video after one run."""
        return await self.run((await self.wanted(**input)).id, provider)

    async def run(self, job_id: str, provider: VideoProvider | None = None) -> Job:
        """One run more."""
        stored = await self._jobs.get(job_id)
        await self.working(provider).run(stored.id, stored.claim)
        return (await self._jobs.get(job_id)).job

    async def keys(self) -> list[str]:
        return sorted([listed.key async for listed in self.objects.list("")])

    def take_away(self) -> None:
        """The object store."""
        self._directory.rename(self._directory.with_name("away"))

    def bring_back(self) -> None:
        self._directory.with_name("away").rename(self._directory)


def said(job: Job) -> tuple[Status, ErrorCode, str]:
    assert job.error is not None
    return job.status, job.error.code, job.error.message
