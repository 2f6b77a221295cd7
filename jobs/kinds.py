"""The kinds of job of a worker, put together from its settings."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import httpx

from jobs.backoff import ATTEMPTS
from jobs.characters import WriteCharacters
from jobs.portraits import PaintPortrait
from jobs.providers.base import PortraitProvider, TextProvider, VideoProvider
from jobs.providers.chat import Chat
from jobs.providers.grammar import Grammar
from jobs.providers.http import Http
from jobs.providers.painter import Painter
from jobs.providers.replicate import Replicate
from jobs.registry import Kind, Registry, registry
from jobs.remote_task import abandoning
from jobs.settings import WorkerSettings
from jobs.uploads import UploadPicture
from jobs.videos import MakeVideo
from storage.characters import CharacterIndex
from storage.jobs import JobStore
from storage.kept import Kept
from storage.objects.base import ObjectStore
from storage.portraits import PortraitStore
from storage.records.inputs import CHARACTERS, PORTRAIT, UPLOAD, VIDEO

Kinds = Callable[[WorkerSettings, "Tools"], Registry]
"""Makes the kinds of job that a worker does."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What kinds of job work with. `kept` and `objects` are none where the settings name none."""

    store: JobStore
    portraits: PortraitStore
    characters: CharacterIndex
    http: httpx.AsyncClient
    portrait_provider: PortraitProvider
    video_provider: VideoProvider
    kept: Kept | None
    objects: ObjectStore | None


def own_kinds(settings: WorkerSettings, tools: Tools) -> Registry:
    text, painting = text_provider(settings, tools.http), tools.portrait_provider
    return registry(
        Kind(
            CHARACTERS,
            WriteCharacters(text, tools.store, tools.characters),
            text.name,
            settings.characters_at_once,
            settings.characters_seconds,
            settings.most(text.name, settings.characters_running),
        ),
        Kind(
            PORTRAIT,
            PaintPortrait(painting, settings.public_url),
            painting.name,
            settings.portraits_at_once,
            settings.portrait_seconds,
            settings.most(painting.name, settings.portraits_running),
            abandoning(painting) if isinstance(painting, Replicate) else None,
        ),
        *(kinds_with_objects(settings, tools, tools.objects) if tools.objects is not None else ()),
    )


def kinds_with_objects(settings: WorkerSettings, tools: Tools, objects: ObjectStore) -> Sequence[Kind]:
    """The kinds whose results stand in the object store."""
    retry, filming = settings.objects_retry_seconds, tools.video_provider
    return (
        Kind(
            UPLOAD,
            UploadPicture(tools.store, tools.portraits, objects, tools.kept, retry_seconds=retry),
            "objects",
            settings.uploads_at_once,
            settings.upload_seconds,
        ),
        Kind(
            VIDEO,
            MakeVideo(filming, tools.store, tools.portraits, objects, tools.kept, retry_seconds=retry),
            filming.name,
            settings.videos_at_once,
            settings.video_seconds,
            settings.most(filming.name, settings.videos_running),
        ),
    )


def text_provider(settings: WorkerSettings, http: httpx.AsyncClient) -> TextProvider:
    if settings.text_provider == "grammar":
        return Grammar()
    return Chat(http, base_url=str(settings.chat_url), model=settings.chat_model, api_key=settings.chat_api_key)


@contextlib.asynccontextmanager
async def open_portrait_provider(settings: WorkerSettings, painter: Painter) -> AsyncIterator[PortraitProvider]:
    """Who paints the portraits: our own painter, or a provider with its connections."""
    if settings.portrait_provider == "painter":
        yield painter
        return
    url = str(settings.replicate_url)
    async with Http(settings.replicate_token, base_url=url) as http:
        yield Replicate(
            http,
            base_url=url,
            model=settings.replicate_model,
            cancel_after=settings.portrait_seconds * ATTEMPTS,
        )
