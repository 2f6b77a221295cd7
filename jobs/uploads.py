"""Kind `upload`: a portrait put into the object store."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import cv2

from jobs.away import waiting_for_stores
from jobs.errors import InvalidInput
from jobs.finished_portraits import NO_LONGER_KEPT, FinishedPortraits
from jobs.pixels import pixels_of
from jobs.registry import Finished
from jobs.run import Run
from storage.errors import DatabaseUnavailable
from storage.jobs import JobStore
from storage.kept import Kept
from storage.landing import Landed
from storage.objects.base import ObjectStore
from storage.objects.numbering import put_first_free
from storage.pictures import NoPicture, decoded, head_of
from storage.portraits import PortraitStore
from storage.records.ids import JobId
from storage.records.inputs import UploadInput
from storage.records.media import Picture
from storage.records.world import MediumId, WorldId

SUFFIX = ".png"
"""Of every portrait's key, whatever kind of picture it is: what it is, its content type says."""

DECODED_AT_ONCE = 2
"""A picture of the largest size takes some hundred megabytes while it is looked at."""

DELETED = "The world of this picture was deleted."
REPLACED = "Another picture has taken the place of this one."
NO_PICTURE = "This is no picture: neither PNG, JPEG nor WebP, or it is damaged, or far too large."

T = TypeVar("T")


class UploadPicture:
    """Puts a portrait into the object store: one of a world that is kept, or one of an application's own world.

    A run that is done again, wherever the one before was stopped, ends with the one object that both have put.
    `retry_seconds` is about how long it waits for a store that is away.
    """

    def __init__(
        self,
        store: JobStore,
        portraits: PortraitStore,
        objects: ObjectStore,
        kept: Kept | None,
        *,
        retry_seconds: float,
    ) -> None:
        self._portraits = FinishedPortraits(store, portraits, purpose="put away")
        self._objects = objects
        self._kept_if_any = kept
        self._retry_seconds = retry_seconds
        self._decoding = asyncio.Semaphore(DECODED_AT_ONCE)

    async def __call__(self, run: Run) -> Finished:
        wanted = UploadInput.model_validate_json(run.input)
        with waiting_for_stores(run.job, self._retry_seconds):
            if wanted.media is not None:
                return Finished({"url": await self._keep(MediumId(wanted.media))})
            return Finished({"url": await self._store_for_application(wanted)})

    @property
    def _kept(self) -> Kept:
        if self._kept_if_any is None:
            raise DatabaseUnavailable("this worker was given no database")
        return self._kept_if_any

    async def _keep(self, medium_id: MediumId) -> str:
        """Answers where the portrait is once its row and its character say so, too."""
        landing = self._kept.landing
        row = await landing.taken_up(medium_id)
        if row is None:
            raise InvalidInput(DELETED)
        if row.url is not None:  # an earlier run was stopped after it had said so
            return row.url
        if (text := row.base64) is None:
            replaced = InvalidInput(REPLACED)
            await landing.give_up(medium_id, replaced.error())
            raise replaced
        try:
            picture = await self._look(lambda: picture_in(text))
        except InvalidInput as failure:
            await landing.refuse(medium_id, failure.error(), base64=text)
            raise
        key = await self._put(row.world_id, row.piece_id, picture, start=row.earlier + 1)
        landed = Landed(
            object_key=key,
            url=self._objects.url(key),
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
            bytes=len(picture.data),
        )
        if not await landing.landed(medium_id, landed, base64=text):
            raise InvalidInput(DELETED)  # and whoever removes what was of it removes this object as well
        return landed.url

    async def _store_for_application(self, wanted: UploadInput) -> str:
        if (text := wanted.image_base64) is not None:
            picture = await self._look(lambda: picture_in(text))
        else:
            data = await self._portraits.data(JobId(str(wanted.portrait)))
            if data is None:
                raise InvalidInput(NO_LONGER_KEPT)
            picture = await self._look(lambda: picture_of(data))
        if wanted.ours:
            await self._check_world(WorldId(str(wanted.world_id)))
        key = await self._put(str(wanted.world_id), str(wanted.character_id), picture)
        return self._objects.url(key)

    async def _check_world(self, world_id: WorldId) -> None:
        """Raises InvalidInput where it was deleted: nobody would ever remove the object. While a run goes on, whoever
        removes what was of the world waits for its end."""
        if await self._kept.worlds.look(world_id) is None:
            raise InvalidInput(DELETED)

    async def _look(self, work: Callable[[], T]) -> T:
        """Away from the event loop, a few at a time."""
        async with self._decoding:
            return await asyncio.to_thread(work)

    async def _put(self, world_id: str, character_id: str, picture: Picture, *, start: int = 1) -> str:
        stem = f"portraits/{world_id}/{character_id}_portrait"
        return await put_first_free(self._objects, stem, SUFFIX, picture.data, picture.content_type, start=start)


def picture_in(text: str) -> Picture:
    """The picture that base64 stands for. Raises InvalidInput."""
    with _refusing():
        return _looked_at(decoded(text))


def picture_of(data: bytes) -> Picture:
    """The picture that these bytes are. Raises InvalidInput."""
    with _refusing():
        return _looked_at(Picture(data, *head_of(data)))


def _looked_at(picture: Picture) -> Picture:
    """The same, after all of it was decoded. Raises NoPicture."""
    pixels_of(picture.data, cv2.IMREAD_GRAYSCALE)
    return picture


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except NoPicture as error:
        raise InvalidInput(NO_PICTURE, detail=str(error)) from None
