"""Kind `video`: a portrait set in motion, stored in the object store."""

import base64
import binascii

from jobs.away import waiting_for_stores
from jobs.errors import InvalidInput
from jobs.finished_portraits import NO_LONGER_KEPT, FinishedPortraits
from jobs.providers.base import Report, VideoProvider, VideoRequest
from jobs.registry import Finished
from jobs.remote_task import RemoteTask
from jobs.run import Run
from storage.errors import ObjectUnknown
from storage.jobs import JobStore
from storage.kept import Kept
from storage.logs import Event, log
from storage.objects.base import ObjectStore
from storage.objects.numbering import Part, put_together
from storage.objects.temporary import temporary_stem
from storage.portraits import PortraitStore
from storage.records.ids import JobId
from storage.records.inputs import VideoInput
from storage.records.media import Picture, Video, VideoResult

FILMED = 0.95
"""The progress at which the file is there, and only has to be stored."""


class MakeVideo:
    """Makes a video with `provider`, as soon as its portrait is there.

    File and poster go into the object store and never into Redis. A run that is done again finds what an earlier one
    has stored, if it makes the same. `retry_seconds` is about how long it waits for a store that is away.
    """

    def __init__(
        self,
        provider: VideoProvider,
        store: JobStore,
        portraits: PortraitStore,
        objects: ObjectStore,
        kept: Kept | None,
        *,
        retry_seconds: float,
    ) -> None:
        self._provider = provider
        self._portraits = FinishedPortraits(store, portraits, purpose="set in motion")
        self._objects = objects
        self._kept = kept
        self._retry_seconds = retry_seconds

    async def __call__(self, run: Run) -> Finished:
        wanted = VideoInput.model_validate_json(run.input)
        stem = stem_of(wanted, run.id)
        with waiting_for_stores(run.job, self._retry_seconds):
            portrait = await self._portrait(wanted)
            # What cannot be stored is not made, again and again.
            await anext(aiter(self._objects.list(stem)), None)
        log(Event.PROVIDER_CALLED, job=run.id, provider=self._provider.name)
        video = await self._provider.film(
            VideoRequest(portrait, wanted.seed), _filming(run), RemoteTask(run, self._provider.name)
        )
        await run.report(FILMED, "storing the video")
        with waiting_for_stores(run.job, self._retry_seconds):
            return Finished((await self._stored(stem, video)).model_dump())

    async def _portrait(self, wanted: VideoInput) -> bytes:
        data = await self._object(wanted.object_key)
        if data is None and wanted.portrait is not None:
            data = await self._portraits.data(JobId(wanted.portrait))
            if data is None and wanted.lore_piece is not None:
                data = await self._kept_picture(wanted.lore_piece, wanted.portrait)
        if data is None:
            raise InvalidInput(NO_LONGER_KEPT)
        return data

    async def _kept_picture(self, lore_piece: str, portrait: str) -> bytes | None:
        """What is kept of the portrait beyond its job."""
        picture = await self._kept.media.picture_of(lore_piece, portrait) if self._kept is not None else None
        if picture is None:
            return None
        if picture.base64 is None:
            return await self._object(picture.object_key)
        try:
            return base64.b64decode(picture.base64)
        except binascii.Error:
            return None

    async def _object(self, key: str | None) -> bytes | None:
        if key is None:
            return None
        try:
            return await self._objects.get(key)
        except ObjectUnknown:
            return None

    async def _stored(self, stem: str, video: Video) -> VideoResult:
        file, poster = await put_together(
            self._objects,
            stem,
            Part(".mp4", video.data, video.content_type),
            Part("_poster.jpg", video.poster.data, video.poster.content_type),
        )
        return VideoResult(
            url=self._objects.url(file),
            content_type=video.content_type,
            width=video.width,
            height=video.height,
            bytes=len(video.data),
            seconds=video.seconds,
            poster=self._objects.url(poster),
        )


def stem_of(wanted: VideoInput, job_id: JobId) -> str:
    """How the keys of its file and poster begin."""
    if wanted.world_id is not None and wanted.character_id is not None:
        return f"videos/{wanted.world_id}/{wanted.character_id}_video"
    return temporary_stem(job_id)


def _filming(run: Run) -> Report:
    """Of the whole work, the storing excepted."""

    async def report(
        progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None:
        await run.report(progress * FILMED, stage, preview, left=left)

    return report
