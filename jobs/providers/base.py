"""What a provider is: the seam between a job and whoever writes the text or paints the picture.

A provider knows neither Redis nor arq nor the job's record. It gets a frozen request, tells how far it is through the
`report` it is handed, and returns what it made or raises a `jobs.errors.JobFailure`.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from storage.records.character import Character
from storage.records.media import Picture, PictureFormat, Video


class Report(Protocol):
    """Tells the people who wait how far the work is. Cheap to call often: the caller's side thins what it is told.

    `progress` runs from 0 to 1 and is honest, `stage` is a few words («painting the face»), `preview` a small encoded
    picture, WebP or JPEG, of at most `PREVIEW_BYTES`; one that is larger is left out. `left` are the seconds that it
    will still take, from a service that says so itself. Raises `asyncio.CancelledError` where the job is no longer
    ours: let it pass.
    """

    async def __call__(
        self, progress: float, stage: str | None = None, preview: Picture | None = None, *, left: float | None = None
    ) -> None: ...


PREVIEW_BYTES = 6_000
"""A preview as a data URI may have 8,192 characters; base64 makes four of three, and the head needs some."""


@dataclass(frozen=True, slots=True)
class PortraitRequest:
    """One portrait. `description` says in words what is to be seen, `character` the same in parts, if it is known."""

    description: str
    character: Character | None
    seed: int
    width: int
    height: int
    format: PictureFormat


class KnownTask(BaseModel):
    """What was noted of a job's task with a provider.

    Without `id` only that it was about to be submitted, `since` then (Unix time): nobody knows whether there is one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: str
    since: float
    id: str | None = None


class Task(Protocol):
    """What a job has with a provider that is paid, remembered from one run to the next.

    A provider with a `known` task never submits. Otherwise it calls `intend` before the request that costs money,
    and `submitted` right after it, in one step that no cancellation breaks off (`storage.tasks.unbroken`); or `clear`,
    where it was refused for certain, and may therefore be submitted again. What became of a task that ended badly
    stays known, for it may have been paid. Each is stored on return; each raises `asyncio.CancelledError` where the job
    is no longer ours: let it pass.
    """

    @property
    def known(self) -> KnownTask | None: ...

    async def intend(self) -> None: ...

    async def submitted(self, id: str) -> None: ...

    async def clear(self) -> None: ...


class PortraitProvider(Protocol):
    """Paints. The same request gives the same picture where the provider can promise it.

    Cancelling the task stops the work as soon as possible. Work that keeps a core busy runs off the event loop. One
    that is not paid has no use for the task.
    """

    @property
    def name(self) -> str: ...

    async def paint(self, request: PortraitRequest, report: Report, task: Task, /) -> Picture: ...


class RemoteProvider(PortraitProvider, Protocol):
    """One whose tasks go on at the provider's, whatever becomes of us."""

    async def abandon(self, known: KnownTask) -> None:
        """Cancel a task that nobody wants any more, as far as the provider can."""


@dataclass(frozen=True, slots=True)
class CharactersRequest:
    """A set of characters. `written` are those that exist already, from an earlier run: they are kept, and the provider
    writes only the `count - len(written)` that are missing, unlike those."""

    count: int
    theme: str | None
    seed: int
    written: Sequence[Character] = ()


class TextProvider(Protocol):
    """Writes characters. `write` yields each one as soon as it is complete, exactly as many as are missing."""

    @property
    def name(self) -> str: ...

    def write(self, request: CharactersRequest) -> AsyncGenerator[Character, None]: ...


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """A video of one portrait. `portrait` is the encoded picture, PNG, JPEG or WebP."""

    portrait: bytes
    seed: int


class VideoProvider(Protocol):
    """Sets a portrait in motion. The same request gives the same bytes where the provider can promise it.

    What holds of a `PortraitProvider` holds of it. Raises `jobs.errors.InvalidInput` where the portrait is no picture.
    """

    @property
    def name(self) -> str: ...

    async def film(self, request: VideoRequest, report: Report, task: Task, /) -> Video: ...
