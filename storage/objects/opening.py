"""The object store that the settings name."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from storage.errors import ObjectStoreUnavailable, SettingsError
from storage.objects.base import ObjectStore
from storage.objects.local_directory import LocalObjects
from storage.settings import StorageSettings

if TYPE_CHECKING:
    from storage.objects.s3 import S3Objects

_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
_REGION = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")

PATH = "/objects"
"""Where the server serves local objects."""


def local_objects(settings: StorageSettings) -> LocalObjects | None:
    """The local object store, if the settings name one. Made without I/O; to be prepared before the first put."""
    if not settings.objects_dir:
        return None
    base_url = settings.public_url.rstrip("/") + PATH
    return LocalObjects(Path(settings.objects_dir), base_url, seconds=settings.objects_seconds)


def objects_of(settings: StorageSettings) -> "S3Objects | LocalObjects | None":
    """The object store, or none where the settings name none; to be opened before it is used.

    Nobody is asked yet whether it works. Raises SettingsError.
    """
    if settings.s3_bucket:
        # Heavy, and of no use to those without a bucket.
        from storage.objects.s3 import S3Objects

        _check_bucket(settings)
        return S3Objects(settings)
    return local_objects(settings)


@asynccontextmanager
async def opened(objects: "S3Objects | LocalObjects | None") -> AsyncIterator[None]:
    """Meanwhile the object store can be used. Raises SettingsError where the local folder cannot be."""
    if objects is None:
        yield
        return
    with closing(objects):
        if isinstance(objects, LocalObjects):
            try:
                await objects.prepare()
            except ObjectStoreUnavailable as error:
                raise SettingsError([f"LIMNER_OBJECTS_DIR: cannot be used: {error.detail}"]) from None
        yield


@asynccontextmanager
async def open_objects(settings: StorageSettings) -> AsyncIterator[ObjectStore | None]:
    """The object store, ready for use; None where the settings name none. Raises SettingsError."""
    objects = await asyncio.to_thread(objects_of, settings)
    async with opened(objects):
        yield objects


def _check_bucket(settings: StorageSettings) -> None:
    problems = [
        f"LIMNER_{name}: must be a URL that begins with http:// or https://"
        for name, url in (("S3_ENDPOINT_URL", settings.s3_endpoint_url), ("S3_PUBLIC_URL", settings.s3_public_url))
        if url and not _is_http(url)
    ]
    if not _BUCKET.fullmatch(settings.s3_bucket):
        problems.append("LIMNER_S3_BUCKET: must be the name of a bucket, and no URL")
    if not _REGION.fullmatch(settings.s3_region):
        problems.append("LIMNER_S3_REGION: must be the name of a region, such as eu-central-1")
    if not settings.s3_endpoint_url and settings.s3_region == "auto":
        problems.append("LIMNER_S3_REGION: must be the bucket's region where LIMNER_S3_ENDPOINT_URL is not set")
    if problems:
        raise SettingsError(problems)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
